/* Buttons that break things on purpose, and say what to watch. */

import { call, icon, make } from "./dom.js";
import { nameOf, t } from "./i18n.js";

const SENDING = "/cgi-bin/message/";

export class Trouble {
  constructor(world) {
    this.world = world;
    this.hint = "";
  }

  fault(kind) {
    return this.world.state.faults.find((fault) => fault.kind === kind && fault.match === SENDING);
  }

  /* The first who works for the account, as the second phone of the cast is in the demonstration. */
  staff() {
    return [...this.world.phones.values()][1];
  }

  draw() {
    const staff = this.staff();
    const over = { slow: !this.fault("slow"), down: !this.fault("http"), away: staff?.data.subscribed };
    // Kept while it is not shown: the answer to a click may come before the news of what it did.
    const hint = over[this.hint] ? "" : this.hint;
    const rows = [
      this.button("slow", "slow", t("slow"), Boolean(this.fault("slow")), () => this.toggle("slow", { seconds: 4 })),
      this.button("token", "key", t("token"), null, () => call("POST", "tokens", { action: "revoke" })),
      this.button("down", "cloud", t("down"), Boolean(this.fault("http")), () => this.toggle("http", { status: 502 })),
    ];
    if (staff) {
      const act = () => call("POST", `phones/${staff.data.host}/${staff.data.subscribed ? "unfollow" : "follow"}`, {});
      rows.push(this.button("away", "away", t("away", { name: nameOf(staff.data) }), !staff.data.subscribed, act));
    }
    document.getElementById("trouble").replaceChildren(...rows);
    document.getElementById("trouble-hint").textContent = hint && t(`${hint}Hint`);
  }

  button(name, picture, label, pressed, act) {
    const onclick = async () => {
      await act();
      this.hint = pressed ? "" : name;
      this.draw();
    };
    return make("button", { type: "button", "aria-pressed": pressed === null ? null : String(pressed), onclick }, icon(picture), label);
  }

  async toggle(kind, values) {
    const known = this.fault(kind);
    if (known) await call("DELETE", `faults/${known.id}`);
    else await call("POST", "faults", { kind, match: SENDING, ...values });
  }
}
