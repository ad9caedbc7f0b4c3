"use strict";
(() => {
  if (window.top !== window) return; // in a frame: the page around it reloads
  const mine = document.currentScript.dataset.build;
  let source = null;
  let box = null;
  const show = (message) => {
    if (box) box.remove();
    box = null;
    if (!message) return;
    box = document.createElement("pre");
    box.setAttribute("role", "alert");
    box.lang = "en";
    box.textContent = message;
    Object.assign(box.style, { position: "fixed", inset: "auto 0 0 0", zIndex: "2147483647", margin: "0", padding: "1rem" });
    Object.assign(box.style, { maxHeight: "50vh", overflow: "auto", whiteSpace: "pre-wrap", font: "14px/1.5 monospace" });
    Object.assign(box.style, { color: "#fff", background: "#8b1a1a" });
    document.body.append(box);
  };
  const follow = () => {
    if (source || document.hidden) return;
    source = new EventSource("/.atlas/events");
    source.onmessage = (event) => {
      const state = JSON.parse(event.data);
      if (state.build !== mine) location.reload();
      else show(state.error);
    };
  };
  // A browser opens six connections to one host: a hidden tab gives its own back, and catches up when it is seen again.
  const leave = () => { if (source) source.close(); source = null; };
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : follow()));
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", follow);
  follow();
})();
