// Bind to a home, or accept an invitation to a role.
(function () {
  "use strict";

  const app = window.app;
  const { gettext } = app;
  const form = document.getElementById("bind");
  if (!form) return;
  const unitsElement = document.getElementById("units");
  const units = unitsElement ? JSON.parse(unitsElement.textContent) : {};
  const kept = form.dataset.kept;

  // A building's units are chosen; where none are known, they are typed.
  function offerUnits() {
    const known = units[form.elements.building.value];
    const before = form.elements.unit;
    const none = Array.isArray(known) && known.length === 0;
    document.getElementById("unit-field").hidden = none;
    if (!known || none) {
      if (none) before.value = "";
      return;
    }
    const select = app.h("select", { class: "form-select", id: "unit", name: "unit" }, known.map((unit) => app.h("option", { value: unit, text: unit })));
    if (known.includes(before.value)) select.value = before.value;
    before.replaceWith(select);
  }

  function recall() {
    const values = app.store.load(kept);
    Object.entries(values || {}).forEach(([name, value]) => {
      if (form.elements[name] && value) form.elements[name].value = value;
    });
    offerUnits();
    if (values && values.unit) form.elements.unit.value = values.unit;
  }

  if (form.elements.building) {
    recall();
    form.elements.building.addEventListener("change", offerUnits);
    form.addEventListener("input", () => app.store.save(kept, app.forms.values(form)));
  }

  app.forms.onSubmit(form, async (values) => {
    if (form.dataset.invite) {
      await app.api.post("bindings/accept", Object.assign({ invite: form.dataset.invite }, values));
      app.flash(gettext("欢迎加入"));
      location.replace("/h5/");
      return;
    }
    const binding = await app.api.post("bindings", Object.assign({ community: form.dataset.community }, values));
    app.store.forget(kept);
    if (binding.status === "active") {
      app.flash(gettext("绑定成功"));
      location.replace("/h5/");
    } else {
      app.reload(gettext("申请已提交，请等待审核"));
    }
  });
})();
