// The list "On this page" marks the part that is being read. Without this file it marks none.
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
const watched = new IntersectionObserver(mark, { rootMargin: "1000000px 0px -66% 0px" });
for (const part of parts) if (part) watched.observe(part);
