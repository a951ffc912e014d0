// File a report: choose, speak, shoot, place, send. Nothing typed is lost, and a double tap files one report.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const form = document.getElementById("new-report");
  const send = document.getElementById("send");
  const missing = document.getElementById("missing");
  const located = document.getElementById("located");
  const details = document.getElementById("details");
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const collector = app.collect(form.querySelector("[data-collect]"));
  const KEY = ["new-report", settings.person, settings.community, settings.draft || ""].join(":");
  const firstTitle = form.elements.title.value;
  const firstDescription = form.elements.description.value;
  const KEPT_FOR = 20 * 3600 * 1000; // ms; uploads that no report names vanish after a day
  const LOOK_AFTER = 700; // ms without typing

  let location_ = null;
  let sending = false;
  let hashedId = form.elements.hashed_id.value;

  const field = (name) => (form.elements[name] ? form.elements[name].value.trim() : "");
  const draftHas = form.querySelectorAll("[name=draft_media]").length > 0;

  // --- Kept on the phone -------------------------------------------------------------------------------------------

  let recalling = true; // what is kept is not to be overwritten before it has been read

  function keep() {
    if (recalling) return;
    app.store.save(KEY, { at: Date.now(), hashedId, values: app.forms.values(form), location: location_, media: collector.entries() });
  }

  function forget() {
    recalling = true; // nothing that happens from here on is kept
    app.store.forget(KEY);
    return app.keep.drop(KEY);
  }

  async function recall() {
    const kept = app.store.load(KEY);
    if (!kept || Date.now() - kept.at > KEPT_FOR) return;
    hashedId = kept.hashedId;
    ["description", "address", "caller_name", "caller_phone", "caller_building", "caller_unit", "caller_room"].forEach((name) => {
      if (name === "address" && settings.scanned) return; // the place is the one where the code hangs
      if (form.elements[name] && kept.values[name]) form.elements[name].value = kept.values[name];
    });
    const chosen = form.querySelector('[name=category][value="' + (kept.values.category || "") + '"]');
    if (chosen && !form.querySelector("[name=category]:checked")) chosen.checked = true;
    if (kept.location) setLocation(kept.location);
    const something = kept.values.description || kept.media.length;
    document.getElementById("recalled").hidden = !something || app.later.has(hashedId);
    const lost = await collector.recall(kept.media);
    if (lost) collector.say(interpolate(gettext("上次有 %(n)s 个照片或语音没传完就关了页面，请重新添加"), { n: lost }));
  }

  // --- What is still missing ---------------------------------------------------------------------------------------

  function whatIsMissing() {
    if (form.elements.caller_name && !field("caller_name")) return [gettext("请填写来电人姓名"), form.elements.caller_name];
    if (!form.querySelector("[name=category]:checked")) return [gettext("请先选要报什么"), document.getElementById("categories")];
    const said = field("description") || collector.items().length || collector.recording || draftHas;
    if (!said) return [gettext("请说一段话、拍张照或写几个字"), form.elements.description];
    return null;
  }

  function refresh() {
    const lack = whatIsMissing();
    const onTheWay = collector.sending().length;
    const failed = collector.failed().length;
    let sentence = lack ? lack[0] : gettext("可以提交了");
    if (!lack && failed) sentence = interpolate(gettext("有 %(n)s 个附件没传上，点它重传；其余都已保存在手机上"), { n: failed });
    if (!lack && onTheWay) sentence = interpolate(gettext("可以提交了，还有 %(n)s 个附件在上传"), { n: onTheWay });
    if (sending) sentence = onTheWay ? interpolate(gettext("正在上传附件，还剩 %(n)s 个，传完自动提交"), { n: onTheWay }) : gettext("正在提交…");
    if (missing.textContent !== sentence) missing.textContent = sentence;
    const chosen = form.querySelector("[name=category]:checked");
    details.hidden = !chosen && !settings.draft && !field("description") && !collector.items().length;
    document.getElementById("categories").classList.toggle("compact", Boolean(chosen));
  }

  // --- Place -------------------------------------------------------------------------------------------------------

  function setLocation(place) {
    location_ = place;
    located.hidden = !place;
    if (place && place.name) located.querySelector("span").textContent = place.name;
  }

  async function locate(button) {
    try {
      const place = await app.once(button, () => app.wechat.locate());
      if (!place) return;
      setLocation({ latitude: place.latitude, longitude: place.longitude, name: "" });
      form.elements.address.value = "";
      form.elements.address.focus();
      keep();
    } catch (error) {
      if (!(error instanceof app.wechat.Cancelled)) app.forms.showError(form, new app.ApiError(0, { fields: { address: [gettext("没有取到位置，请直接写地点")] } }));
    }
  }

  // --- The same thing, already reported ----------------------------------------------------------------------------

  let looking;

  function lookForSimilar() {
    clearTimeout(looking);
    looking = setTimeout(async () => {
      const category = (form.querySelector("[name=category]:checked") || {}).value;
      const q = field("description").slice(0, 60);
      if (!category || q.length < 2) return showSimilar([]);
      const found = await app.api.get("reports/similar", { category, q, community: settings.community }).catch(() => []);
      return showSimilar(found.results || found);
    }, LOOK_AFTER);
  }

  function showSimilar(reports) {
    const list = document.getElementById("similar-list");
    document.getElementById("similar").hidden = !reports.length;
    list.replaceChildren(...reports.slice(0, 3).map(similarView));
  }

  const STATES = { submitted: gettext("等待接单"), claimed: gettext("正在处理"), resolved: gettext("已处理，等待确认") };

  // The number begins with the day (261125-0010), which is all that a neighbour may know of when.
  function reportedWhen(number) {
    const [, year, month, day] = number.match(/^(\d\d)(\d\d)(\d\d)-/) || [];
    if (!day) return number;
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(2000 + Number(year), month - 1, day)) / 86400000);
    if (days < 1) return gettext("今天已有人上报");
    return days === 1 ? gettext("昨天已有人上报") : interpolate(gettext("%(n)s 天前已有人上报"), { n: days });
  }

  function similarView(report) {
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
          app.flash(gettext("已关注，有进展会告诉您"));
          return location.assign("/h5/reports/" + report.id);
        }),
    });
    const about = [reportedWhen(report.number), STATES[report.status], report.building].filter(Boolean).join("，");
    return app.h("div", { class: "cell" }, [app.h("span", { class: "cell-body" }, [app.h("span", { text: report.title }), app.h("br"), app.h("span", { class: "secondary", text: about })]), follow]);
  }

  // --- Sending -----------------------------------------------------------------------------------------------------

  function compose(media) {
    const description = field("description");
    const report = {
      hashed_id: hashedId,
      community: settings.community,
      category: form.querySelector("[name=category]:checked").value,
      title: description === firstDescription ? firstTitle : "",
      description,
      address: field("address"),
      location: location_,
      media,
    };
    if (settings.draft) report.draft = settings.draft;
    if (form.elements.caller_name) {
      report.on_behalf_of = {
        name: field("caller_name"),
        phone: field("caller_phone"),
        home: { building: field("caller_building"), unit: field("caller_unit"), room: field("caller_room") },
      };
    }
    return report;
  }

  function arrived(report) {
    forget().then(() => location.replace("/h5/reports/" + report.id + "?sent=1"));
  }

  async function submit() {
    const lack = whatIsMissing();
    if (lack) {
      app.toast(lack[0]);
      lack[1].scrollIntoView({ block: "center" });
      if (lack[1].focus) lack[1].focus({ preventScroll: true });
      return;
    }
    app.forms.clearErrors(form);
    let media;
    sending = true;
    refresh();
    try {
      media = await collector.settled();
    } catch (error) {
      sending = false;
      refresh();
      app.forms.showError(form, new app.ApiError(0, { detail: gettext("有附件没传上：点它重传，或去掉后再提交。内容已保存在手机上") }));
      return;
    }
    const report = compose(media);
    keep();
    try {
      arrived(await app.api.post("reports", report));
    } catch (error) {
      sending = false;
      refresh();
      if (!(error instanceof app.ApiError)) throw error;
      if (!error.passing || !app.later.put(report, KEY)) return app.forms.showError(form, error);
      app.toast(gettext("网络不稳，已保存在手机上，连上后自动提交"));
      app.later.run();
    }
  }

  send.addEventListener("click", (event) => {
    event.preventDefault();
    app.once(send, submit);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send.click();
  });
  form.addEventListener("input", () => {
    keep();
    refresh();
    lookForSimilar();
  });
  collector.onChange = () => {
    keep();
    refresh();
  };
  document.addEventListener("later:sent", ({ detail }) => detail.hashedId === hashedId && arrived(detail.sent));
  document.addEventListener("later:refused", ({ detail }) => detail.hashedId === hashedId && app.forms.showError(form, detail.error));
  const here = document.getElementById("here");
  here.hidden = false;
  here.addEventListener("click", () => locate(here));
  document.getElementById("not-here").addEventListener("click", () => {
    setLocation(null);
    keep();
  });

  if (located.dataset.latitude) {
    location_ = { latitude: Number(located.dataset.latitude), longitude: Number(located.dataset.longitude), name: located.dataset.name };
  }
  document.getElementById("afresh").addEventListener("click", () => {
    forget().then(() => location.replace(location.href.split("#")[0]));
  });
  collector.keepAs(KEY);
  recall().finally(() => {
    recalling = false;
    refresh();
  });
  refresh();
  app.wechat.begin();
})();
