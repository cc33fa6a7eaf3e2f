// Shows a follow-up on the page of the answer that it follows. Without this file each has a page of its own, and a closed
// follow-up, which is disabled, sends nothing. The server decides again what is on show.
const followUps = [...document.querySelectorAll("[data-shown-when]")];

const isGiven = (form, pair) => {
  const [name, value] = pair.split("=");
  return [...form.querySelectorAll("input:checked")].some((input) => input.name === name && input.value === value);
};

const update = () => {
  for (const part of followUps) {
    const ways = part.dataset.shownWhen.split(" ").filter(Boolean);
    const form = part.closest("form");
    const isShown = ways.some((way) => way === "always" || way.split("&").every((pair) => isGiven(form, pair)));
    part.hidden = !isShown;
    part.disabled = !isShown;
  }
};

// After the listener that lets "None of these" clear the others, which stands on the group itself.
document.addEventListener("change", update);
// The browser puts back what was ticked when somebody comes back to the page.
addEventListener("pageshow", update);
update();
