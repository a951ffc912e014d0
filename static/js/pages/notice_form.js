// Writing a notice: how many it reaches, kept on the phone until it is out, and one question before it goes.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;
  const form = document.getElementById("notice");
  const { community, notice } = form.dataset;
  const reach = document.getElementById("reach");
  const groupMessages = document.getElementById("group-messages");
  const kept = "notice:" + community;

  async function showReach() {
    const { roles, buildings } = app.forms.values(form);
    const query = new URLSearchParams({ community });
    (roles || []).forEach((role) => query.append("roles", role));
    (buildings || []).forEach((building) => query.append("buildings", building));
    const asked = (reach.dataset.asked = query.toString());
    try {
      const answer = await fetch("/h5/notices/reach?" + asked, { credentials: "same-origin" });
      const { people, group_messages: left } = await answer.json();
      if (reach.dataset.asked !== asked) return; // an older question's answer
      reach.textContent = people;
      groupMessages.textContent = left;
    } catch (error) {
      reach.textContent = "–";
    }
  }

  if (reach) $(form).on("change", "[name=roles], [name=buildings]", showReach);

  // What was typed stays until it is out.
  if (!notice) {
    const before = app.store.load(kept) || {};
    ["title", "body"].forEach((name) => (form.elements[name].value = form.elements[name].value || before[name] || ""));
    $(form).on("input", () => app.store.save(kept, { title: form.elements.title.value, body: form.elements.body.value }));
    if (reach) showReach(); // a page that comes back may still have its choices
  }

  function payload(values) {
    const data = { title: values.title, body: values.body, pinned: values.pinned };
    if (reach) {
      data.audience = { roles: values.roles || [], buildings: values.buildings || [] };
      data.by_group_message = values.by_group_message;
      data.publish_at = values.publish_at ? new Date(values.publish_at).toISOString() : null;
    }
    return data;
  }

  function missing(values) {
    const fields = {};
    if (!values.title) fields.title = [gettext("请写一个标题")];
    if (!values.body) fields.body = [gettext("请写正文")];
    return Object.keys(fields).length ? fields : null;
  }

  async function send(data) {
    if (notice) return app.api.patch("notices/" + notice, data);
    const sure = await app.confirm({
      title: interpolate(gettext("发给 %(n)s 人？"), { n: reach.textContent }),
      text: data.publish_at ? gettext("到时间自动发出，之前可以修改。") : gettext("马上发出，发出后不能改发给谁。"),
      yes: gettext("发布"),
    });
    return sure ? app.api.post("notices", { community, ...data }) : null;
  }

  app.forms.onSubmit(form, async (values) => {
    const fields = missing(values);
    if (fields) throw new app.ApiError(400, { code: "invalid", fields });
    const data = payload(values);
    const saved = await send(data);
    if (!saved) return;
    app.store.forget(kept);
    app.flash(notice ? gettext("已保存") : data.publish_at ? gettext("已安排，到时自动发布") : gettext("公告已发布"));
    location.replace("/h5/notices/" + saved.id);
  });
})();
