// The profile: every choice is kept as soon as it is made.
(function () {
  "use strict";

  const app = window.app;
  const gettext = app.gettext;
  const muted = new Set(JSON.parse(document.getElementById("muted").textContent));

  // What a script keeps in a cookie, iPhones forget within a week: the server sets it.
  async function comfort(choice) {
    const headers = { "X-CSRFToken": app.api.token() };
    const body = new URLSearchParams(choice);
    const answer = await fetch("/h5/me/comfort", { method: "POST", credentials: "same-origin", redirect: "manual", keepalive: true, headers, body }).catch(() => null);
    if (!answer || answer.status !== 204) throw new app.ApiError(0, { detail: gettext("网络不稳，请稍后再试") });
  }

  // Keeps one choice; when that fails the switch goes back and says why.
  function keep(field, changes, undo) {
    return app.once(field, async () => {
      try {
        await app.api.patch("me", changes());
        app.toast(gettext("已保存"));
      } catch (error) {
        undo();
        app.toast(error.message);
      }
    });
  }

  const turnBack = (field) => () => (field.checked = !field.checked);

  function kinds(field) {
    if (field.checked) muted.delete(field.dataset.kind);
    else muted.add(field.dataset.kind);
    return { muted_kinds: Array.from(muted) };
  }

  $(document).on("change", "[data-kind]", ({ target: field }) =>
    keep(field, () => kinds(field), () => {
      field.checked = !field.checked;
      kinds(field);
    }),
  );

  const quiet = document.getElementById("quiet");
  const from = document.getElementById("quiet-from");
  const to = document.getElementById("quiet-to");
  const hours = () => ({ quiet_hours: quiet.checked ? [from.value, to.value] : null });

  function showTimes() {
    document.getElementById("quiet-times").hidden = !quiet.checked;
  }

  quiet.addEventListener("change", () => {
    showTimes();
    keep(quiet, hours, () => {
      quiet.checked = !quiet.checked;
      showTimes();
    });
  });
  $([from, to]).on("change", ({ target }) => from.value && to.value && keep(target, hours, () => {}));

  document.getElementById("large").addEventListener("change", ({ target }) => {
    delete document.documentElement.dataset.type;
    if (target.checked) document.documentElement.dataset.type = "large";
    app.once(target, () => comfort({ type: target.checked ? "large" : "usual" })).catch((error) => app.toast(error.message));
  });

  $(document).on("change", "[name=language]", ({ target: field }) =>
    app.once(field, async () => {
      try {
        await comfort({ language: field.value });
        app.reload();
      } catch (error) {
        app.toast(error.message);
      }
    }),
  );

  app.forms.onSubmit(document.getElementById("name-form"), async (values) => {
    await app.api.patch("me", { display_name: values.display_name });
    app.reload(gettext("已保存"));
  });

  function farewell() {
    const words = [
      app.h("h1", { text: gettext("已注销") }),
      app.h("p", { text: gettext("您的身份信息已经删除。谢谢您用过这里。") }),
    ];
    document.querySelectorAll(".nav-bottom").forEach((element) => element.remove());
    document.getElementById("main").replaceChildren(app.h("div", { class: "empty" }, [app.icon("check"), ...words]));
  }

  app.forms.onSubmit(document.getElementById("erase-form"), async (values) => {
    if (!values.sure) throw new app.ApiError(400, { detail: gettext("请先勾选“我明白”") });
    const sure = await app.confirm({
      title: gettext("真的注销吗？"),
      text: gettext("马上生效，不能恢复。"),
      yes: gettext("注销账号"),
      danger: true,
    });
    if (!sure) return;
    await app.api.delete("me");
    app.sheet("erase").hide();
    farewell();
  });
})();
