/* Put first into every page that is shown inside a phone: tells the page of the phones where this one is, and keeps
   going back within this phone (frames of one page share one history). */
(function () {
  "use strict";

  if (window.parent === window) return;

  function tell(what, data) {
    window.parent.postMessage({ sandbox: "tell", what: what, data: data || {} }, "*");
  }

  /* "navigate", "reload", "back_forward" or, where the browser says so, "replace". */
  function kind() {
    var activation = window.navigation && window.navigation.activation;
    if (activation && activation.navigationType === "replace") return "replace";
    var entry = performance.getEntriesByType("navigation")[0];
    return entry ? entry.type : "navigate";
  }

  function report() {
    tell("page", { title: document.title, url: location.href, kind: kind() });
  }

  /* A picture in full is an entry of this page's own: leaving it stays here, and the shared history is not touched. */
  history.back = function () {
    if (!history.state || !history.state.picture) return tell("back");
    history.replaceState(null, "");
    return window.dispatchEvent(new PopStateEvent("popstate", { state: null }));
  };
  history.go = function (steps) {
    if (steps < 0) history.back();
    else location.reload();
  };

  window.addEventListener("message", function (event) {
    if (event.source !== window.parent || !event.data) return;
    if (event.data.sandbox === "go") location.replace(event.data.url);
  });

  window.addEventListener("pagehide", function () { tell("leaving"); });
  window.addEventListener("pageshow", report);
  document.addEventListener("DOMContentLoaded", function () {
    report();
    new MutationObserver(report).observe(document.head || document.documentElement, {
      childList: true, subtree: true, characterData: true,
    });
  });

  document.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("a[href]") : null;
    if (!link || event.defaultPrevented) return;
    if (link.protocol === "tel:") {
      event.preventDefault();
      tell("call", { number: decodeURIComponent(link.pathname) });
    } else if (link.target === "_blank" && link.origin === location.origin) {
      event.preventDefault();
      location.href = link.href;
    }
  });
})();
