// Light or dark, before anything is drawn. A choice that was made here wins over the system's.
"use strict";
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("slm-router-theme"); } catch { /* storage may be forbidden */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  document.documentElement.classList.add("js");
})();
