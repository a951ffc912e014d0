// Reports that the network kept back: kept on the phone, sent when it returns, by the same hashed_id, so never twice.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const PAUSES = [3, 6, 12, 30, 60]; // seconds
  const settings = document.getElementById("settings");
  const personElement = document.getElementById("person");
  const person = settings ? JSON.parse(settings.textContent).person : personElement ? JSON.parse(personElement.textContent) : "";
  const KEY = "waiting-reports:" + person;
  let timer = null;
  let tries = 0;
  let running = false;

  const waiting = () => app.store.load(KEY) || [];

  function put(report) {
    const others = waiting().filter((other) => other.hashed_id !== report.hashed_id);
    return app.store.save(KEY, others.concat([report]));
  }

  function drop(report) {
    const left = waiting().filter((other) => other.hashed_id !== report.hashed_id);
    if (left.length) app.store.save(KEY, left);
    else app.store.forget(KEY);
  }

  function show() {
    const box = document.getElementById("waiting");
    const count = waiting().length;
    if (!box) return;
    box.hidden = count === 0;
    box.querySelector("[data-text]").textContent = interpolate(gettext("网络不稳，有 %(n)s 条上报已保存在手机上，连上后自动提交"), { n: count });
  }

  async function sendAll() {
    let sent = null;
    for (const report of waiting()) {
      try {
        sent = await app.api.post("reports", report);
        drop(report);
      } catch (error) {
        if (!(error instanceof app.ApiError) || error.passing || error.status === 401) throw error;
        // Refused for good: it goes back to the form, with what was wrong.
        drop(report);
        app.toast(error.message);
        document.dispatchEvent(new CustomEvent("later:refused", { detail: { report, error } }));
      }
    }
    return sent;
  }

  async function run() {
    clearTimeout(timer);
    if (running || !waiting().length) return;
    running = true;
    try {
      const sent = await sendAll();
      tries = 0;
      if (sent) document.dispatchEvent(new CustomEvent("later:sent", { detail: sent }));
    } catch (error) {
      const pause = error.retryAfter || PAUSES[Math.min(tries, PAUSES.length - 1)];
      tries += 1;
      timer = setTimeout(run, pause * 1000);
    } finally {
      running = false;
      show();
    }
  }

  document.addEventListener("later:sent", ({ detail }) => {
    if (document.getElementById("new-report")) return; // that page goes on by itself
    app.toast(interpolate(gettext("刚才保存的上报已提交，编号 %(number)s"), { number: detail.number }));
  });
  window.addEventListener("online", run);
  document.addEventListener("visibilitychange", () => document.hidden || run());

  app.later = { put, drop, run, waiting };
  show();
  run();
})();
