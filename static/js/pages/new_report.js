// File a report: choose, speak, shoot, place, send. Nothing typed is lost, and a double tap files one report.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const form = document.getElementById("new-report");
  const send = document.getElementById("send");
  const missing = document.getElementById("missing");
  const details = document.getElementById("details");
  const settings = JSON.parse(document.getElementById("settings").textContent);
  const collector = app.collect(form.querySelector("[data-collect]"));
  const correcting = app.later.refusal(new URLSearchParams(location.search).get("correct")); // what the server refused before
  const MEDIA_LIVE = 20 * 3600 * 1000; // ms; uploads that no report names vanish after a day
  const TEXTS = ["description", "address", "caller_name", "caller_phone", "caller_building", "caller_unit", "caller_room"];
  const place = app.place(form, () => keep());

  let key = keyOf(settings.draft, correcting);
  let draft = settings.draft;
  let corrects = correcting && correcting.report.hashed_id;
  // What the server filled in: what a person did not touch may have grown since.
  let first = { description: form.elements.description.value, address: form.elements.address.value, location: place.value() };
  let firstTitle = form.elements.title.value;
  let sending = false;
  let waits = null; // the hashed_id of what was kept back last
  let hashedId = form.elements.hashed_id.value;

  const field = (name) => (form.elements[name] ? form.elements[name].value.trim() : "");
  const chosenCategory = () => form.querySelector("[name=category]:checked");
  const draftHas = () => form.querySelectorAll("[name=draft_media]").length > 0;
  const said = () => field("description") || collector.items().length || collector.recording() || draftHas();

  const similar = app.similar(settings, () => ({ category: (chosenCategory() || {}).value, q: field("description").slice(0, 60) }), offerToForget);

  function keyOf(draftId, refusal) {
    const parts = ["new-report", settings.person, settings.community, draftId || ""];
    return (refusal ? parts.concat(refusal.report.hashed_id) : parts).join(":");
  }

  // --- Kept on the phone -------------------------------------------------------------------------------------------

  let recalling = true; // what is kept is not to be overwritten before it has been read

  function keep() {
    if (recalling) return;
    app.store.save(key, { at: Date.now(), hashedId, first, values: app.forms.values(form), location: place.value(), media: collector.entries() });
  }

  function forget() {
    recalling = true; // nothing that happens from here on is kept
    app.store.forget(key);
    return app.keep.drop(key);
  }

  // A refused report in the shape of what is kept of a form.
  function asKept({ report, at, error }) {
    const { name, phone, home } = report.on_behalf_of || {};
    const caller = { caller_name: name, caller_phone: phone, caller_building: home && home.building, caller_unit: home && home.unit, caller_room: home && home.room };
    const media = error.fields.media ? [] : report.media.map((item) => ({ id: app.forms.uuid(), kind: item.kind, media: item, duration: item.duration }));
    const values = Object.assign({ description: report.description, address: report.address, category: report.category }, caller);
    return { at, hashedId, first: {}, values, location: report.location, media };
  }

  function recallTexts({ values, first: before }) {
    TEXTS.forEach((name) => {
      const untouched = before && name in before && values[name] === before[name];
      if (untouched || !form.elements[name] || values[name] === undefined) return;
      if (name === "address" && settings.scanned) return; // the place is the one where the code hangs
      form.elements[name].value = name === "description" ? withNews(values[name], before) : values[name];
    });
  }

  // The chat's draft can have grown since this text was kept.
  function withNews(text, before) {
    if (!before || [undefined, first.description].includes(before.description)) return text;
    const grew = before.description && first.description.startsWith(before.description);
    return grew ? text + first.description.slice(before.description.length) : first.description;
  }

  async function recall() {
    if (!correcting && app.later.holds(draft)) return beginAnother();
    const kept = app.store.load(key) || (correcting && asKept(correcting));
    if (!kept) return undefined;
    hashedId = kept.hashedId;
    recallTexts(kept);
    const chosen = form.querySelector('[name=category][value="' + (kept.values.category || "") + '"]');
    if (chosen && !chosenCategory()) chosen.checked = true;
    const moved = kept.first ? JSON.stringify(kept.location) !== JSON.stringify(kept.first.location) : kept.location;
    if (moved && !settings.scanned) place.set(kept.location);
    document.getElementById("recalled").hidden = !kept.values.description && !kept.media.length;
    if (correcting) app.forms.showError(form, new app.ApiError(correcting.error.status, { detail: correcting.error.message, fields: correcting.error.fields }));
    const old = Date.now() - kept.at > MEDIA_LIVE;
    const lost = old ? kept.media.length : await collector.recall(kept.media);
    if (lost) collector.say(interpolate(gettext("上次有 %(n)s 个照片或语音没传完就关了页面，请重新添加"), { n: lost }));
    return undefined;
  }

  // What waits by itself is no longer the form's: the next report begins from nothing, under a number of its own.
  function beginAnother() {
    forget();
    key = keyOf(null, null);
    draft = corrects = null;
    firstTitle = "";
    hashedId = app.forms.uuid();
    TEXTS.forEach((name) => form.elements[name] && (form.elements[name].value = ""));
    form.elements.address.value = settings.scanned ? first.address : place.homes[0] || "";
    const drafted = document.getElementById("draft-media");
    if (drafted) drafted.remove();
    if (chosenCategory()) chosenCategory().checked = false;
    place.set(null);
    collector.clear();
    collector.keepAs(key);
    first = { description: "", address: form.elements.address.value, location: null };
    document.getElementById("recalled").hidden = true;
    similar.clear();
    recalling = false;
    window.scrollTo(0, 0);
  }

  // --- What is still missing ---------------------------------------------------------------------------------------

  function whatIsMissing() {
    if (form.elements.caller_name && !field("caller_name")) return [gettext("请填写来电人姓名"), form.elements.caller_name];
    if (form.elements.caller_phone && !field("caller_phone")) return [gettext("请填写来电人手机"), form.elements.caller_phone];
    if (!chosenCategory()) return [gettext("请先选要报什么"), document.getElementById("categories")];
    if (!said()) return [gettext("请说一段话、拍张照或写几个字"), form.elements.description];
    return null;
  }

  function refresh() {
    const lack = whatIsMissing();
    const onTheWay = collector.sending().length;
    const failed = collector.failed().length;
    const refused = collector.refused().length;
    let sentence = lack ? lack[0] : gettext("可以提交了");
    if (!lack && failed) sentence = interpolate(gettext("有 %(n)s 个附件没传上，点它重传；其余都已保存在手机上"), { n: failed });
    if (!lack && refused) sentence = interpolate(gettext("有 %(n)s 个附件传不了，去掉后再提交"), { n: refused });
    if (!lack && onTheWay) sentence = interpolate(gettext("可以提交了，还有 %(n)s 个附件在上传"), { n: onTheWay });
    if (sending) sentence = onTheWay ? interpolate(gettext("正在上传附件，还剩 %(n)s 个，传完自动提交"), { n: onTheWay }) : gettext("正在提交…");
    if (missing.textContent !== sentence) missing.textContent = sentence;
    const chosen = chosenCategory();
    details.hidden = !chosen && !draft && !field("description") && !collector.items().length;
    document.getElementById("categories").classList.toggle("compact", Boolean(chosen));
    place.onBoard(Boolean(chosen && "board" in chosen.dataset));
  }

  // --- What came from the chat -------------------------------------------------------------------------------------

  async function takeAway(button) {
    const id = button.dataset.takeAway;
    if (!(await app.confirm({ title: button.getAttribute("aria-label"), yes: gettext("去掉"), danger: true }))) return;
    try {
      await app.api.delete("drafts/" + draft + "/media/" + id);
    } catch (error) {
      return void (error.status !== 404 && app.toast(error.message));
    }
    form.querySelector('[name=draft_media][value="' + id + '"]').remove();
    button.closest("li").remove();
    if (!draftHas()) document.getElementById("draft-media").remove();
    refresh();
  }

  // What stands here would be the same report a second time.
  async function offerToForget() {
    if (await app.confirm({ title: gettext("已关注，不用再报一次"), text: gettext("刚才写的内容要清掉吗？"), yes: gettext("清掉") })) await forget();
  }

  // --- Sending -----------------------------------------------------------------------------------------------------

  function compose(media) {
    const description = field("description");
    const report = {
      hashed_id: hashedId,
      community: settings.community,
      category: chosenCategory().value,
      title: description === first.description ? firstTitle : "",
      description,
      address: field("address"),
      location: place.value(),
      media,
    };
    if (draft) report.draft = draft;
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
    if (corrects) app.later.drop(corrects);
    forget().then(() => location.replace("/h5/reports/" + report.id + "?sent=1"));
  }

  // False where the phone keeps nothing.
  function keptBack(report) {
    if (!app.later.put(report)) return false;
    if (corrects) app.later.drop(corrects);
    waits = report.hashed_id;
    beginAnother();
    refresh();
    app.toast(gettext("网络不稳，已保存在手机上，连上后自动提交"));
    app.later.run();
    return true;
  }

  function showLack([sentence, element]) {
    app.toast(sentence);
    element.scrollIntoView({ block: "center" });
    if (element.focus) element.focus({ preventScroll: true });
  }

  function showStuck(error) {
    const refused = interpolate(gettext("有附件传不了（%(reason)s）：去掉后再提交"), { reason: error.message });
    const failed = gettext("有附件没传上：点它重传，或去掉后再提交。内容已保存在手机上");
    const unsent = collector.refused().length ? refused : failed;
    app.forms.showError(form, new app.ApiError(0, { detail: error instanceof app.wechat.Unable ? error.message : unsent }));
  }

  // What is typed while the answer is awaited would be in no report.
  async function post(report) {
    form.inert = true;
    try {
      return await app.api.post("reports", report);
    } finally {
      form.inert = false;
    }
  }

  async function submit() {
    const lack = whatIsMissing();
    if (lack) return showLack(lack);
    app.forms.clearErrors(form);
    sending = true;
    refresh();
    let report;
    try {
      const media = await collector.settled().catch((error) => showStuck(error));
      if (!media) return notSent();
      report = compose(media);
      keep();
      return arrived(await post(report));
    } catch (error) {
      notSent();
      if (!(error instanceof app.ApiError)) throw error;
      return (error.passing && keptBack(report)) || app.forms.showError(form, error);
    }
  }

  function notSent() {
    sending = false;
    refresh();
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
    similar.look();
  });
  collector.onChange = () => {
    keep();
    refresh();
  };
  document.addEventListener("later:sent", ({ detail }) => {
    // Who has begun another report goes on with it; a toast says the number.
    if (detail.hashedId === waits && !said() && !chosenCategory()) location.replace("/h5/reports/" + detail.sent.id + "?sent=1");
  });
  window.addEventListener("storage", (event) => {
    if (event.key !== key || event.newValue !== null) return;
    hashedId = app.forms.uuid(); // another tab has sent it: what stands here is a report of its own
    if (said()) keep();
  });
  document.querySelectorAll("[data-take-away]").forEach((button) => button.addEventListener("click", () => app.once(button, () => takeAway(button))));
  document.getElementById("afresh").addEventListener("click", async () => {
    if (!(await app.confirm({ title: gettext("清空重写？"), text: gettext("写的字、照片和语音都会去掉。"), yes: gettext("清空"), danger: true }))) return;
    if (corrects) app.later.drop(corrects);
    const address = corrects ? "/h5/reports/new?community=" + settings.community : location.href.split("#")[0];
    forget().then(() => location.replace(address));
  });
  collector.keepAs(key);
  recall().finally(() => {
    recalling = false;
    refresh();
    similar.look();
  });
  refresh();
  app.wechat.begin();
})();
