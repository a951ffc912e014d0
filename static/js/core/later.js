// Reports that the network kept back: kept on the phone, sent when it returns, by the same hashed_id, so never twice.
// What the server refuses stays here with the reason, until it is put right or thrown away.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate, h } = app;
  const PAUSES = [3, 6, 12, 30, 60, 300]; // seconds
  const person = document.body.dataset.person;
  if (!person) return; // nobody is logged in, so nobody's reports wait
  const KEY = "waiting-reports:" + person;
  let timer = null;
  let tries = 0;
  let running = false;

  // [{report, at: ms, error: {message, fields, status} once it is refused}]
  const kept = () => app.store.load(KEY) || [];
  const waiting = () => kept().filter(({ error }) => !error);
  const refused = () => kept().filter(({ error }) => error);
  const others = (hashedId) => kept().filter(({ report }) => report.hashed_id !== hashedId);

  function save(entries) {
    if (entries.length) return app.store.save(KEY, entries);
    app.store.forget(KEY);
    return true;
  }

  function put(report) {
    return save(others(report.hashed_id).concat([{ report, at: Date.now() }]));
  }

  function drop(hashedId) {
    save(others(hashedId));
    show();
  }

  function show() {
    const box = document.getElementById("waiting");
    const count = waiting().length;
    showRefused();
    if (!box) return;
    box.hidden = count === 0;
    box.querySelector("[data-text]").textContent = interpolate(gettext("网络不稳，有 %(n)s 条上报已保存在手机上，连上后自动提交"), { n: count });
  }

  // On whatever page the person is: what did not get through, and the way to put it right.
  function showRefused() {
    document.querySelectorAll("[data-refused]").forEach((box) => box.remove());
    const open = new URLSearchParams(location.search).get("correct");
    refused()
      .filter(({ report }) => report.hashed_id !== open)
      .forEach((entry) => document.getElementById("main").prepend(refusedView(entry)));
  }

  function refusedView({ report, error }) {
    const sentence = interpolate(gettext("“%(words)s”没有提交成功：%(reason)s"), { words: (report.description || gettext("上报")).slice(0, 20), reason: error.message });
    return h("div", { class: "note-box note-danger", role: "alert", "data-refused": true }, [
      app.icon("alert"),
      h("p", { text: sentence }),
      h("a", { class: "btn-text push", href: correction(report), text: gettext("打开修改") }),
    ]);
  }

  function correction(report) {
    const values = { community: report.community, correct: report.hashed_id };
    if (report.on_behalf_of) values.for = "caller";
    if (report.draft) values.draft = report.draft;
    return "/h5/reports/new?" + new URLSearchParams(values);
  }

  function announce(name, detail) {
    document.dispatchEvent(new CustomEvent(name, { detail }));
  }

  async function send(entry) {
    const { report } = entry;
    try {
      const sent = await app.api.post("reports", report);
      drop(report.hashed_id);
      announce("later:sent", { sent, hashedId: report.hashed_id });
    } catch (error) {
      if (!(error instanceof app.ApiError) || error.passing || error.status === 401) throw error;
      const { message, fields, status } = error;
      save(others(report.hashed_id).concat([Object.assign({}, entry, { error: { message, fields, status } })]));
    }
  }

  // One that the server stumbles over does not hold up the others; where nothing gets through, none is tried.
  async function sendAll() {
    let failure = null;
    for (const entry of waiting()) {
      try {
        await send(entry);
      } catch (error) {
        failure = error;
        if (!(error.status >= 500)) break;
      }
    }
    if (failure) throw failure;
  }

  // A page in the background waits until it is looked at.
  async function run() {
    clearTimeout(timer);
    if (running || document.hidden || !waiting().length) return;
    running = true;
    try {
      await sendAll();
      tries = 0;
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
    app.toast(interpolate(gettext("刚才保存的上报已提交，编号 %(number)s"), { number: detail.sent.number }));
  });
  window.addEventListener("online", run);
  document.addEventListener("visibilitychange", () => document.hidden || run());

  // What was refused, for the form that corrects it: {report, at, error}.
  const refusal = (hashedId) => refused().find(({ report }) => report.hashed_id === hashedId) || null;

  // Whether a report made of this draft is still here.
  const holds = (draft) => Boolean(draft) && kept().some(({ report }) => report.draft === draft);

  app.later = { put, drop, run, refusal, holds };
  show();
  run();
})();
