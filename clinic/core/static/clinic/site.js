// Comforts only: every page works without this file.
const summary = document.querySelector(".errsum");
if (summary) summary.focus();

// On a phone the rows of a table are shown as blocks, and some older browsers then forget that they are rows. Roles in
// the page itself would say it too, but HTML allows them only where they are news.
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
for (const part of document.querySelectorAll(".tbl, .tbl :is(thead, tbody, tr, th, td)")) {
  part.setAttribute("role", ROLES[part.tagName] || (part.scope === "row" ? "rowheader" : "columnheader"));
}

// "None of these" and the other choices of one question clear each other; the server checks the same.
for (const group of document.querySelectorAll("[data-exclusive]")) {
  const boxes = [...group.querySelectorAll("input[type=checkbox]")];
  const none = boxes.find((box) => box.value === group.dataset.exclusive);
  if (!none) continue;
  group.addEventListener("change", (event) => {
    if (!event.target.checked) return;
    if (event.target === none) {
      for (const box of boxes) if (box !== none) box.checked = false;
    } else {
      none.checked = false;
    }
  });
}

// An answer that an address leads to stands open.
const openTarget = () => {
  const answer = document.getElementById(location.hash.slice(1));
  if (answer instanceof HTMLDetailsElement) answer.open = true;
};
openTarget();
addEventListener("hashchange", openTarget);

// A second press of a button that is already sending does nothing.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) event.preventDefault();
    form.dataset.sending = "1";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
});
