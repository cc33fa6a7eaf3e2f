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

// What an address leads to stands open, and so does what it lies in.
const openTarget = () => {
  const target = document.getElementById(location.hash.slice(1));
  let folded = target?.closest("details:not([open])");
  if (!folded) return;
  for (; folded; folded = folded.parentElement.closest("details")) folded.open = true;
  target.scrollIntoView();
};
openTarget();
addEventListener("hashchange", openTarget);

// Paper cannot be opened: all that is folded is printed (but what was told before), also by browsers that need more than the style sheet's word.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll("main details:not(.toc details, .fold--again, [open])")];
  for (const folded of unfolded) folded.open = true;
});
addEventListener("afterprint", () => {
  for (const folded of unfolded) folded.open = false;
});

// A second press of a button that is already sending does nothing.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) event.preventDefault();
    form.dataset.sending = "1";
  });
}
addEventListener("pageshow", (event) => {
  // A page of the check that the browser kept: it would show, and send, what was saved before.
  if (event.persisted && document.querySelector("input[name=seen]")) location.reload();
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
});

// The list "On this page" marks the part that is being read.
const links = [...document.querySelectorAll(".toc--open a[href^='#']")];
const parts = links.map((link) => document.getElementById(link.hash.slice(1)));

const mark = () => {
  // The last part that has begun above the first third of the window; before the first part, none.
  const begun = parts.filter((part) => part && part.getBoundingClientRect().top < innerHeight / 3).pop();
  for (const [index, link] of links.entries()) {
    if (begun && parts[index] === begun) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
};

// All that is above that line counts as seen, however far above, so every crossing of the line is told.
if (parts.some((part) => part)) {
  const watched = new IntersectionObserver(mark, { rootMargin: "1000000px 0px -66% 0px" });
  for (const part of parts) if (part) watched.observe(part);
}
