// The staff's list: claim and ignore on the card, on duty or off.
(function () {
  "use strict";

  const app = window.app;
  const gettext = app.gettext;

  // The card stays and says calmly what became of it.
  function settle(button, sentence) {
    const tools = button.closest("[data-tools]");
    const status = button.closest("[data-report]").querySelector(".status");
    if (status) status.remove(); // no longer true
    tools.replaceWith(app.h("p", { class: "secondary card-said", role: "status", text: sentence }));
  }

  function lost(button, sentence) {
    settle(button, sentence);
    countDown();
  }

  // One report fewer waits.
  function countDown() {
    const count = document.querySelector(".tabs [aria-current] .tab-count");
    if (count) count.textContent = Math.max(0, Number(count.textContent) - 1);
  }

  async function claim(button) {
    const id = button.dataset.claim;
    try {
      await app.api.post("reports/" + id + "/claim");
    } catch (error) {
      if (error.status === 409 || error.status === 404) lost(button, error.message);
      else app.toast(error.message);
      return;
    }
    app.flash(gettext("已接单，业主会收到通知"));
    location.assign("/h5/reports/" + id);
  }

  async function ignore(button) {
    const sure = await app.confirm({
      title: gettext("这条不归您处理？"),
      text: gettext("之后不再显示，也不再提醒您。"),
      yes: gettext("不归我处理"),
    });
    if (!sure) return;
    try {
      await app.api.post("reports/" + button.dataset.ignore + "/ignore");
      app.reload(gettext("好的，不再提醒您这条"));
    } catch (error) {
      if (error.status === 409) lost(button, error.message);
      else app.toast(error.message);
    }
  }

  async function setDuty(field) {
    try {
      await app.api.patch("me", { on_duty: field.checked });
      app.reload(field.checked ? gettext("已上岗，新报单会推送给您") : gettext("已下岗，好好休息"));
    } catch (error) {
      field.checked = !field.checked;
      app.toast(error.message);
    }
  }

  $(document)
    .on("click", "[data-claim]", (event) => {
      event.preventDefault(); // without scripts the form does it
      app.once(event.currentTarget, () => claim(event.currentTarget));
    })
    .on("click", "[data-ignore]", (event) => {
      event.preventDefault(); // likewise
      app.once(event.currentTarget, () => ignore(event.currentTarget));
    })
    .on("change", "#duty", (event) => app.once(event.currentTarget, () => setDuty(event.currentTarget)));

  // Coming back, from a report or to the chat's window, the list may be another one by now.
  const STALE = 60000;
  let left = 0;
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) left = Date.now();
    else if (left && Date.now() - left > STALE && !document.querySelector(".modal.show, [aria-busy=true]")) location.reload();
  });
})();
