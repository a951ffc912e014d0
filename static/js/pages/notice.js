// One notice, for who publishes: pin it or take it back.
(function () {
  "use strict";

  const app = window.app;
  const gettext = app.gettext;
  const address = "notices/" + document.body.dataset.notice;

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
      title: gettext("删除这条公告？"),
      text: gettext("所有人都看不到它了，不能恢复。"),
      yes: gettext("删除"),
      danger: true,
    });
    if (!sure) return;
    try {
      await app.api.delete(address);
      app.flash(gettext("已删除"));
      location.replace("/h5/notices");
    } catch (error) {
      app.toast(error.message);
    }
  }

  $(document)
    .on("click", "[data-pin]", (event) => app.once(event.currentTarget, () => pin(event.currentTarget)))
    .on("click", "[data-remind]", (event) => app.once(event.currentTarget, remind))
    .on("click", "[data-delete]", (event) => app.once(event.currentTarget, withdraw));
})();
