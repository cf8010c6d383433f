// What pages do beyond links and forms: every one of these is a convenience, none is needed.
"use strict";
(() => {
  const root = document.documentElement;

  // Light and dark.
  const isDark = () =>
    (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const themeButton = document.querySelector("[data-theme-toggle]");
  const tellTheme = () => themeButton?.setAttribute("aria-pressed", String(isDark()));
  themeButton?.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("slm-router-theme", root.dataset.theme); } catch { /* not kept, then */ }
    tellTheme();
    document.dispatchEvent(new CustomEvent("themechange"));
  });
  tellTheme();

  // Live parts: asked for again every few seconds while somebody looks and has not paused them.
  const seconds = 3;
  let paused = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-pause]");
    if (!button) return;
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.querySelector("[data-label]").textContent = paused ? "Resume" : "Pause";
    root.classList.toggle("paused", paused);
  });
  setInterval(() => {
    if (paused || document.hidden || !window.htmx) return;
    const busy = document.activeElement?.closest("[data-live]");
    for (const part of document.querySelectorAll("[data-live]"))
      if (part !== busy) window.htmx.trigger(part, "refresh");
  }, seconds * 1000);

  // Copying: the text stands in the page, in the element that the button names.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.querySelector(button.dataset.copy).textContent;
    let told = "Copied";
    try { await navigator.clipboard.writeText(text); } catch { told = "Select the text and copy it"; }
    const label = button.querySelector("[data-label]") || button;
    const before = label.textContent;
    label.textContent = told;
    setTimeout(() => { label.textContent = before; }, 2000);
  });

  // Filters apply as soon as one is chosen; without scripts the button applies them.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-apply]");
    if (form && event.target.matches("select")) form.requestSubmit();
  });

  // Times are told in UTC; hovering tells them where the reader is.
  const localTimes = () => {
    for (const time of document.querySelectorAll("time[datetime]:not([title])"))
      time.title = new Date(time.dateTime).toLocaleString() + " (here)";
  };
  document.addEventListener("htmx:afterSettle", localTimes);
  localTimes();
})();
