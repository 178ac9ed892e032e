"use strict";
// A search field below each long list of events. The list stays a select: without this script nothing is lost.
for (const list of document.querySelectorAll(".cohort_form .cohort-event-select")) {
  if (list.options.length <= 12 || list.tomselect || list.dataset.search) continue;
  list.dataset.search = "on";
  const all = [...list.options];
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Search events";
  search.setAttribute("aria-label", `Search events for “${list.closest("label").querySelector("span").textContent}”`);
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    const matches = (option) => !option.disabled && `${option.text} ${option.value}`.toLowerCase().includes(wanted);
    const found = wanted ? all.filter(matches) : all;
    const chosen = wanted && found.length ? found[0] : list.selectedOptions[0];
    list.replaceChildren(...(found.length ? found : [chosen]));
    chosen.selected = true;
    search.setCustomValidity(found.length ? "" : "No event matches.");
  });
  list.after(search);
}
