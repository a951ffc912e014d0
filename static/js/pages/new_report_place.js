// Where it is: one's own home, what a draft or a scanned code came with, where the phone stands, or what is typed.
//
// app.place(form, kept(): what changed has to be kept) → {value(): coordinates or null, set(place), onBoard(whether),
// homes}
(function () {
  "use strict";

  const app = window.app;
  const { gettext } = app;

  app.place = (form, kept) => {
    const located = document.getElementById("located");
    const label = form.querySelector("label[for=address]");
    const chips = document.getElementById("at-home");
    const { address } = form.elements;
    const homes = Array.from(document.querySelectorAll("[data-home]"), (button) => button.dataset.home);
    const usual = homes.concat(address.defaultValue); // what was filled in, and what one tap fills in
    let cleared = address.defaultValue; // the usual place that something else took the place of
    let board = false;
    let value = located.dataset.latitude
      ? { latitude: Number(located.dataset.latitude), longitude: Number(located.dataset.longitude), name: located.dataset.name }
      : null;

    function set(place) {
      value = place;
      located.hidden = !place;
      if (place) located.querySelector("span").textContent = place.name || gettext("已附上当前位置");
    }

    // Home is not where the person stands, nor where something was lost; what was typed stays.
    function clearUsual() {
      const text = address.value.trim();
      if (!text || !usual.includes(text)) return;
      cleared = text;
      address.value = "";
    }

    function putUsualBack() {
      if (!address.value.trim() && !board) address.value = cleared;
    }

    function onBoard(whether) {
      if (whether === board) return;
      board = whether;
      label.querySelector("[data-usual]").hidden = board;
      label.querySelector("[data-found]").hidden = !board;
      if (chips) chips.hidden = board;
      if (board) clearUsual();
      else putUsualBack();
    }

    async function locate(button) {
      try {
        const place = await app.once(button, () => app.wechat.locate());
        if (!place) return;
        set({ latitude: place.latitude, longitude: place.longitude, name: "" });
        clearUsual();
        address.focus();
        kept();
      } catch (error) {
        if (!(error instanceof app.wechat.Cancelled)) app.forms.showError(form, new app.ApiError(0, { fields: { address: [gettext("没有取到位置，请直接写地点")] } }));
      }
    }

    const here = document.getElementById("here");
    here.hidden = false;
    here.addEventListener("click", () => locate(here));
    document.getElementById("not-here").addEventListener("click", () => {
      set(null);
      putUsualBack();
      kept();
    });
    document.querySelectorAll("[data-home]").forEach((button) =>
      button.addEventListener("click", () => {
        address.value = button.dataset.home;
        set(null);
        kept();
      }),
    );
    return { value: () => value, set, onBoard, homes };
  };
})();
