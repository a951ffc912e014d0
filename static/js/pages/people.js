// The managers' page of people: decide on bindings, give and take roles, invite.
(function () {
  "use strict";

  const app = window.app;
  const { gettext, interpolate } = app;

  // The same list afresh: without its name in the address, what is shown first depends on what still waits.
  function again(sentence) {
    const tab = document.querySelector(".tabs [aria-current]");
    if (tab) history.replaceState(null, "", tab.href);
    app.reload(sentence);
  }

  async function approve(button) {
    const { approve: binding, doubt, name } = button.dataset;
    const title = interpolate(gettext("仍要通过%(name)s的申请？"), { name });
    if (doubt && !(await app.confirm({ title, text: doubt, yes: gettext("仍要通过") }))) return;
    await act(button, gettext("已通过，会通知对方"), () => app.api.post("bindings/" + binding + "/approve"));
  }

  // Runs one call and shows the page afresh; a refusal is said where the person looks.
  function act(button, sentence, call) {
    return app.once(button, async () => {
      try {
        await call();
        again(sentence);
      } catch (error) {
        if (!(error instanceof app.ApiError)) throw error;
        if (error.status === 409) again(error.message);
        else app.toast(error.message);
      }
    });
  }

  async function remove(button) {
    const sure = await app.confirm({
      title: interpolate(gettext("把%(name)s移出？"), { name: button.dataset.name }),
      text: gettext("马上生效。手上没做完的报单会退回，重新找人处理。"),
      yes: gettext("移出"),
      danger: true,
    });
    if (!sure) return;
    await act(button, gettext("已移出"), async () => {
      for (const id of button.dataset.remove.trim().split(" ")) await app.api.delete("people/" + id);
    });
  }

  async function unbind(button) {
    const sure = await app.confirm({
      title: interpolate(gettext("解除%(name)s的绑定？"), { name: button.dataset.name }),
      text: gettext("对方会收到通知，之后不能再为这套房屋上报。"),
      yes: gettext("解除"),
      danger: true,
    });
    if (sure) await act(button, gettext("已解除"), () => app.api.post("bindings/" + button.dataset.unbind + "/revoke"));
  }

  async function withdraw(button) {
    const sure = await app.confirm({
      title: gettext("作废这个邀请？"),
      text: gettext("二维码和链接马上不能再用。"),
      yes: gettext("作废"),
      danger: true,
    });
    if (sure) await act(button, gettext("邀请已作废"), () => app.api.delete("invitations/" + button.dataset.withdraw));
  }

  $(document)
    .on("click", "[data-withdraw]", ({ currentTarget: button }) => withdraw(button))
    .on("click", "[data-approve]", ({ currentTarget: button }) => approve(button))
    .on("click", "[data-revoke]", ({ currentTarget: button }) =>
      act(button, gettext("已解除，会通知对方"), () => app.api.post("bindings/" + button.dataset.revoke + "/revoke")),
    )
    .on("click", "[data-remove]", ({ currentTarget: button }) => remove(button))
    .on("click", "[data-unbind]", ({ currentTarget: button }) => unbind(button));

  // Rejecting asks for the reason, which the person is told.
  const rejection = document.querySelector("[data-reject-form]");
  if (rejection) {
    $(document)
      .on("click", "[data-reject]", ({ currentTarget: button }) => {
        rejection.elements.id.value = button.dataset.reject;
        rejection.querySelector("[data-whom]").textContent = button.dataset.name;
        app.sheet("reject").show();
      })
      .on("click", "[data-reason]", ({ currentTarget: chip }) => {
        rejection.elements.reason.value = chip.textContent;
        rejection.elements.reason.dispatchEvent(new Event("input", { bubbles: true }));
      });
    app.forms.onSubmit(rejection, async (values) => {
      if (!values.reason) throw new app.ApiError(400, { code: "invalid", fields: { reason: [gettext("请填写原因")] } });
      await app.api.post("bindings/" + values.id + "/reject", { reason: values.reason });
      again(gettext("已告诉申请人"));
    });
  }

  document.querySelectorAll("form[data-person]").forEach((form) =>
    app.forms.onSubmit(form, async (values) => {
      const changes = { roles: values.roles || [], permissions: values.permissions || [] };
      await app.api.patch("people/" + form.dataset.person, changes);
      app.reload(gettext("已保存"));
    }),
  );

  document.querySelectorAll("form[data-invite]").forEach((form) =>
    app.forms.onSubmit(form, async (values) => {
      const made = await app.api.post("invitations", {
        community: form.dataset.community,
        role: values.role,
        expires_hours: Number(values.expires_hours),
      });
      history.replaceState(null, "", location.pathname + location.search + "#invitation-" + made.code);
      location.reload();
    }),
  );

  // A new invitation is shown open.
  const opened = location.hash.startsWith("#invitation-") && document.getElementById(location.hash.slice(1));
  if (opened) {
    opened.open = true;
    opened.scrollIntoView({ block: "center" });
  }
})();
