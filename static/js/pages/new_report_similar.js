// The same thing, already reported: offered while the person writes, to be followed instead of filed again.
//
// app.similar(settings, wanted() → {category, q}, followed(): one is followed instead) → {look(): soon, once nothing is
// typed for a moment; clear()}
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const LOOK_AFTER = 700; // ms without typing
  const MOST = 3;

  const STATES = { submitted: gettext("等待接单"), claimed: gettext("正在处理"), resolved: gettext("已处理，等待确认") };

  // The number begins with the day (261125-0010), which is all that a neighbour may know of when.
  function reportedWhen(number) {
    const [, year, month, day] = number.match(/^(\d\d)(\d\d)(\d\d)-/) || [];
    if (!day) return number;
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(2000 + Number(year), month - 1, day)) / 86400000);
    if (days < 1) return gettext("今天已有人上报");
    return days === 1 ? gettext("昨天已有人上报") : interpolate(gettext("%(n)s 天前已有人上报"), { n: days });
  }

  function followButton(report, followed) {
    const follow = app.h("button", {
      type: "button",
      class: "btn btn-plain btn-small push",
      text: gettext("关注"),
      onclick: () =>
        app.once(follow, async () => {
          try {
            await app.api.post("reports/" + report.id + "/follow");
          } catch (error) {
            return app.toast(error.message);
          }
          await followed();
          app.flash(gettext("已关注，有进展会告诉您"));
          return location.assign("/h5/reports/" + report.id);
        }),
    });
    return follow;
  }

  // Who files for a caller does not follow, but may have to read it to the caller.
  function viewOf(report, caller, followed) {
    const about = [reportedWhen(report.number), STATES[report.status], report.building].filter(Boolean).join(gettext("，"));
    const open = () => app.h("a", { class: "btn btn-plain btn-small push", href: "/h5/reports/" + report.id, text: gettext("打开") });
    const words = app.h("span", { class: "cell-body" }, [app.h("span", { text: report.title }), app.h("br"), app.h("span", { class: "secondary", text: about })]);
    return app.h("div", { class: "cell" }, [words, caller ? open() : followButton(report, followed)]);
  }

  app.similar = (settings, wanted, followed) => {
    const section = document.getElementById("similar");
    let looking;
    let looked = 0; // answers to earlier questions are no longer wanted

    function show(reports) {
      const appears = section.hidden && reports.length > 0;
      section.hidden = !reports.length;
      document.getElementById("similar-list").replaceChildren(...reports.slice(0, MOST).map((report) => viewOf(report, settings.caller, followed)));
      if (appears) section.scrollIntoView({ block: "nearest" });
    }

    async function ask() {
      const { category, q } = wanted();
      const turn = (looked += 1);
      if (!category || q.length < 2) return show([]);
      const found = await app.api.get("reports/similar", { category, q, community: settings.community }).catch(() => []);
      return turn === looked ? show(found.results || found) : undefined;
    }

    function look() {
      clearTimeout(looking);
      looking = setTimeout(ask, LOOK_AFTER);
    }

    function clear() {
      clearTimeout(looking);
      looked += 1;
      show([]);
    }

    return { look, clear };
  };
})();
