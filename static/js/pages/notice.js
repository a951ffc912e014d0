// One notice: its pictures as they arrive, and for who publishes: pin it, remind, take it back.
(function () {
  "use strict";

  const app = window.app;
  const gettext = app.gettext;
  const address = "notices/" + document.body.dataset.notice;
  const ARRIVING = 3000; // ms: a picture that is on its way takes seconds

  async function pin(button) {
    const pinned = button.dataset.pin === "true";
    try {
      await app.api.patch(address, { pinned });
      app.reload(pinned ? gettext("已置顶") : gettext("已取消置顶"));
    } catch (error) {
      app.toast(error.message);
    }
  }

  async function remind() {
    try {
      await app.api.post(address + "/remind");
      app.reload(gettext("已提醒"));
    } catch (error) {
      app.toast(error.message);
    }
  }

  async function withdraw() {
    const sure = await app.confirm({
      title: gettext("撤回这条公告？"),
      text: gettext("还没有发出的不再发出，已经收到的人点开会看到“已撤回”。撤回后不能恢复。"),
      yes: gettext("撤回"),
      danger: true,
    });
    if (!sure) return;
    try {
      await app.api.delete(address);
      app.reload(gettext("已撤回"));
    } catch (error) {
      app.toast(error.message);
    }
  }

  $(document)
    .on("click", "[data-pin]", (event) => app.once(event.currentTarget, () => pin(event.currentTarget)))
    .on("click", "[data-remind]", (event) => app.once(event.currentTarget, remind))
    .on("click", "[data-withdraw]", (event) => app.once(event.currentTarget, withdraw));

  const looks = Number(new URLSearchParams(location.hash.slice(1)).get("look")) || 0;
  if (document.querySelector("[data-pending-media]") && looks < 5) {
    setTimeout(() => {
      history.replaceState(null, "", "#look=" + (looks + 1));
      location.reload();
    }, ARRIVING);
  }
})();
