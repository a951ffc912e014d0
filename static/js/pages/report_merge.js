// Merging: any open report of the community that is of its kind can be found, beside those that are offered.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, h } = app;
  const PAUSE = 300; // ms after the last stroke
  const field = document.querySelector("[data-merge-search]");
  if (!field) return;
  const found = document.querySelector("[data-merge-found]");
  const offered = document.querySelector("[data-merge-offered]");
  let timer;
  let asked = "";

  function choice(report) {
    const words = [report.category.name, report.address, report.number].filter(Boolean).join(" · ");
    return h("label", { class: "cell" }, [
      h("input", { class: "form-check-input", type: "radio", name: "into", value: report.id }),
      h("span", { class: "cell-body" }, [report.title, h("br"), h("span", { class: "secondary", text: words })]),
    ]);
  }

  function show(sentence, reports) {
    const title = h("p", { class: "cells-title", text: sentence });
    found.replaceChildren(title, ...reports.map(choice));
    offered.hidden = true;
  }

  async function look(words) {
    asked = words;
    if (!words) {
      found.replaceChildren();
      offered.hidden = false;
      return;
    }
    const { community, categories: category } = field.dataset;
    const query = { scope: "all", community, category, status: "submitted,claimed,resolved", q: words };
    try {
      const { results } = await app.api.get("reports", query);
      if (asked !== words) return; // an older question's answer
      const others = results.filter((report) => report.id !== field.dataset.report);
      show(others.length ? gettext("找到的") : gettext("没有找到进行中的报单"), others);
    } catch (error) {
      if (asked === words) show(error.message, []);
    }
  }

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => look(field.value.trim()), PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it searches, it does not merge
  });
})();
