// The inbox: everything read at once. Opening one marks it read on the way (the server does that).
(function () {
  "use strict";

  const app = window.app;

  async function readAll() {
    for (let turn = 0; turn < 50; turn += 1) {
      const found = await app.api.get("inbox", { unread: "true", limit: 100 });
      if (!found.results.length) return;
      await app.api.post("inbox/read", { ids: found.results.map((message) => message.id) });
    }
  }

  $("#all-read").on("click", (event) =>
    app.once(event.currentTarget, async () => {
      try {
        await readAll();
        app.reload(app.gettext("全部已读"));
      } catch (error) {
        app.toast(error.message);
      }
    }),
  );

  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
