// Voice bubbles that play one at a time, pictures of lists as they come near, and pictures in full.
(function () {
  "use strict";

  const app = window.app;
  const gettext = app.gettext;
  const NEAR = "600px"; // beyond the window, for who scrolls
  let player = null;
  let playing = null; // the bubble

  function stop() {
    if (player) player.pause();
    if (playing) playing.setAttribute("aria-pressed", "false");
    playing = null;
  }

  // Plays an address (or blob:) and shows it on the bubble; a second tap stops.
  async function play(bubble, address) {
    const again = playing === bubble;
    stop();
    if (again) return;
    player = player || new Audio();
    player.src = address;
    player.onended = stop;
    playing = bubble;
    bubble.setAttribute("aria-pressed", "true");
    try {
      await player.play();
    } catch (error) {
      if (playing === bubble) stop();
      if (error.name !== "AbortError") app.toast(gettext("这段语音暂时放不出来"));
    }
  }

  // An own viewer: wx.previewImage fetches without the session's cookie, and the pictures are not public.
  function view(addresses, index) {
    let at = index;
    const before = document.activeElement;
    const image = app.h("img", { alt: "" });
    const count = app.h("p");
    const show = (step) => {
      at = (at + step + addresses.length) % addresses.length;
      image.src = addresses[at];
      image.alt = app.interpolate(gettext("图片 %(n)s"), { n: at + 1 });
      count.textContent = addresses.length > 1 ? at + 1 + " / " + addresses.length : "";
    };
    const arrow = (step, name, label) =>
      addresses.length < 2 ? null : app.h("button", { type: "button", "data-step": step, "aria-label": label, onclick: () => show(step) }, [app.icon(name)]);
    const close = app.h("button", { type: "button", "data-close": true, "aria-label": gettext("关闭"), onclick: () => history.back() }, [app.icon("close")]);
    const box = app.h("div", { class: "lightbox", role: "dialog", "aria-modal": "true", "aria-label": gettext("查看图片") }, [
      image, arrow(-1, "back", gettext("上一张")), arrow(1, "next", gettext("下一张")), close, count,
    ]);
    const leave = () => {
      box.remove();
      window.removeEventListener("popstate", leave);
      document.removeEventListener("keydown", keys);
      if (before) before.focus();
    };
    const keys = (event) => {
      if (event.key === "Escape") history.back();
      if (event.key === "ArrowLeft") show(-1);
      if (event.key === "ArrowRight") show(1);
      if (event.key === "Tab") trap(event, box);
    };
    image.addEventListener("click", () => history.back());
    swipe(box, show);
    // The phone's back key closes the picture, not the page.
    history.pushState({ picture: true }, "");
    window.addEventListener("popstate", leave);
    document.addEventListener("keydown", keys);
    document.body.append(box);
    show(0);
    close.focus();
  }

  function trap(event, box) {
    const buttons = Array.from(box.querySelectorAll("button"));
    const now = buttons.indexOf(document.activeElement);
    event.preventDefault();
    buttons[(now + (event.shiftKey ? -1 : 1) + buttons.length) % buttons.length].focus();
  }

  function swipe(box, show) {
    let from = null;
    box.addEventListener("touchstart", (event) => (from = event.touches.length === 1 ? event.touches[0].clientX : null), { passive: true });
    box.addEventListener("touchend", (event) => {
      if (from === null) return;
      const way = event.changedTouches[0].clientX - from;
      if (Math.abs(way) > 50) show(way > 0 ? -1 : 1);
    });
  }

  // The pictures of a list, each once it comes nearer than this: the first view of a long list asks for few.
  function bringThumbs(margin) {
    const bring = (entries, observer) =>
      entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
        observer.unobserve(target);
        const image = { src: target.dataset.thumb, alt: "", decoding: "async", width: 72, height: 72 };
        if (!target.querySelector("img")) target.replaceChildren(app.h("img", image));
      });
    const coming = new IntersectionObserver(bring, { rootMargin: margin });
    document.querySelectorAll("[data-thumb]").forEach((place) => coming.observe(place));
  }

  bringThumbs("0px");
  window.addEventListener("scroll", () => bringThumbs(NEAR), { once: true, passive: true });

  $(document)
    .on("click", "[data-voice]", (event) => {
      event.preventDefault();
      play(event.currentTarget, event.currentTarget.getAttribute("href"));
    })
    .on("keydown", "[data-voice]", (event) => {
      if (event.key === " ") event.currentTarget.click();
    })
    .on("click", "[data-picture]", (event) => {
      event.preventDefault();
      const all = Array.from(event.currentTarget.closest("ul, figure, main").querySelectorAll("[data-picture]"));
      view(all.map((link) => link.href), all.indexOf(event.currentTarget));
    });

  window.addEventListener("pagehide", stop);

  app.media = { play, stop, view };
})();
