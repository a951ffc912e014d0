// Writing a notice: how many it reaches, kept on the phone until it is out, and looked at before it goes.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const form = document.getElementById("notice");
  const { community, notice } = form.dataset;
  const out = form.dataset.out !== undefined;
  const reach = document.getElementById("reach");
  const pictures = app.collect(form.querySelector("[data-collect]"));
  const publish = document.getElementById("publish");
  const kept = "notice:" + community;
  let sending = { words: "", hashedId: "" }; // the same words again, after a lost answer, are the same notice
  let ready = null; // what the preview shows, as it will be sent

  async function piece(path, options) {
    const answer = await fetch("/h5/notices/" + path, { credentials: "same-origin", ...options });
    if (!answer.ok) throw new app.ApiError(answer.status, {});
    return answer.text();
  }

  async function showReach() {
    const { roles, buildings } = app.forms.values(form);
    const query = new URLSearchParams({ community });
    (roles || []).forEach((role) => query.append("roles", role));
    (buildings || []).forEach((building) => query.append("buildings", building));
    const asked = (reach.dataset.asked = query.toString());
    try {
      const found = await piece("reach?" + asked);
      if (reach.dataset.asked === asked) reach.innerHTML = found; // else: an older question's answer
    } catch (error) {
      reach.textContent = gettext("人数暂时算不出来");
    }
  }

  function people() {
    return reach.querySelector("[data-people]") ? reach.querySelector("[data-people]").dataset.people : "–";
  }

  if (reach) $(form).on("change", "[name=roles], [name=buildings]", showReach);
  pictures.restore(JSON.parse(document.getElementById("pictures").textContent));

  // What was typed stays until it is out.
  if (!notice) {
    const before = app.store.load(kept) || {};
    ["title", "body"].forEach((name) => (form.elements[name].value = form.elements[name].value || before[name] || ""));
    $(form).on("input", () => app.store.save(kept, { title: form.elements.title.value, body: form.elements.body.value }));
    if (reach) showReach(); // a page that comes back may still have its choices
  }

  // Times are the community's, wherever this browser is: sent as they are typed, and compared with the clock there.
  const QUARTER = 15 * 60 * 1000; // ms; what time zones differ by
  const ahead = Math.round((new Date(form.dataset.now) - Date.now()) / QUARTER) * QUARTER;
  const thereNow = () => Date.now() + ahead;

  function payload(values, media) {
    const data = { title: values.title, body: values.body, pinned: values.pinned, expires_at: values.expires_at || null };
    data.pictures = media.map(({ id, media_id, upload_id }) => ({ id, media_id, upload_id }));
    if (reach) {
      data.audience = { roles: values.roles || [], buildings: values.buildings || [] };
      data.by_group_message = values.by_group_message;
      data.publish_at = values.publish_at || null;
    }
    return data;
  }

  function missing(values) {
    const fields = {};
    if (!values.title) fields.title = [gettext("请写一个标题")];
    if (!values.body) fields.body = [gettext("请写正文")];
    const starts = new Date(Math.max(values.publish_at ? new Date(values.publish_at) : 0, out ? 0 : thereNow()));
    if (values.expires_at && new Date(values.expires_at) <= starts) fields.expires_at = [gettext("到期时间要晚于发布时间")];
    return Object.keys(fields).length ? fields : null;
  }

  async function arrived() {
    try {
      return await pictures.settled();
    } catch (error) {
      throw new app.ApiError(0, { code: "invalid", fields: { pictures: [gettext("有图片没传上：点它重传，或去掉后再继续")] } });
    }
  }

  // The words of the last step say when it goes out, and to how many.
  function say(values) {
    const label = document.getElementById("publish-label");
    const sentence = document.getElementById("what-happens");
    const later = values.publish_at && new Date(values.publish_at) > thereNow();
    const when = later ? values.publish_at.replace("T", " ") : "";
    label.textContent = out ? gettext("保存") : later ? gettext("定时发布") : gettext("马上发布");
    if (out) sentence.textContent = gettext("改好的内容马上就能看到，不再通知一次。");
    else if (later) sentence.textContent = interpolate(gettext("%(when)s 发给 %(n)s 人，之前可以修改。"), { when, n: people() });
    else sentence.textContent = interpolate(gettext("马上发给 %(n)s 人，发出后不能改发给谁。"), { n: people() });
  }

  async function look(values) {
    const said = new URLSearchParams({ title: values.title, body: values.body, publish_at: values.publish_at || "", expires_at: values.expires_at || "", pictures: pictures.count("image") });
    const headers = { "X-CSRFToken": app.api.token() };
    const shown = document.getElementById("preview");
    shown.innerHTML = await piece("preview?community=" + community, { method: "POST", body: said, headers });
    const sources = Array.from(form.querySelectorAll("[data-picture-list] .collect-picture"), (tile) => tile.querySelector("img"));
    shown.querySelectorAll("[data-picture]").forEach((link, index) => {
      if (!sources[index]) return;
      link.href = link.querySelector("img").src = sources[index].src;
    });
    say(values);
    app.sheet("preview-sheet").show();
  }

  app.forms.onSubmit(form, async (values) => {
    const fields = missing(values);
    if (fields) throw new app.ApiError(400, { code: "invalid", fields });
    ready = payload(values, await arrived());
    await look(values);
  });

  async function send() {
    const error = document.getElementById("preview-error");
    error.textContent = "";
    const words = JSON.stringify(ready);
    if (words !== sending.words) sending = { words, hashedId: app.forms.uuid() };
    try {
      const saved = notice ? await app.api.patch("notices/" + notice, ready) : await app.api.post("notices", { community, hashed_id: sending.hashedId, ...ready });
      app.store.forget(kept);
      app.flash(out ? gettext("已保存") : saved.published_at ? gettext("公告已发布") : gettext("已安排，到时自动发布"));
      location.replace("/h5/notices/" + saved.id);
    } catch (refused) {
      if (!(refused instanceof app.ApiError)) throw refused;
      error.textContent = refused.message;
      app.forms.showError(form, refused);
    }
  }

  publish.addEventListener("click", () => app.once(publish, send));
})();
