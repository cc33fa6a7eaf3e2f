// Tells whoever has a page open what came in since. Every page says the same when it is loaded, without this file.
const news = document.getElementById("news");
const EVERY = 20;
const LONGEST = 300;

const bar = document.getElementById("news-bar");
const polite = document.getElementById("news-polite");
const state = document.getElementById("news-state");
const plainTitle = document.title.replace(/^\(\d+\) /, "");
let timer = 0;
let failures = 0;
let isOver = false;
let lastAt = news.dataset.at;
let newest = news.dataset.newest;
let emergencies = Number(news.dataset.emergencies);

// --- A sound, where somebody has switched it on. Browsers allow one only after a click or a key on the page.

let audio = null;
let sound = null;

const load = async () => {
  audio = audio || new AudioContext();
  if (!sound) {
    const file = await fetch(news.dataset.sound);
    sound = await audio.decodeAudioData(await file.arrayBuffer());
  }
};

const play = async () => {
  try {
    await load();
    // Without a click or a key first, this waits for one: the page says so meanwhile.
    if (audio.state === "suspended") {
      say("Sound waits for a click or a key on this page.");
      await audio.resume();
      say("");
    }
    const source = audio.createBufferSource();
    source.buffer = sound;
    source.connect(audio.destination);
    source.start();
  } catch {
    say("This browser could not play the sound.");
  }
};

// --- What the page shows

const say = (text) => { state.textContent = text; };

const showBadges = (badges) => {
  let total = 0;
  for (const badge of document.querySelectorAll("[data-news-badge]")) {
    const number = badges[badge.dataset.newsBadge] || 0;
    badge.querySelector("b").textContent = number;
    badge.hidden = number === 0;
    total += number;
  }
  document.title = total ? `(${total}) ${plainTitle}` : plainTitle;
  return total;
};

const hideBar = () => {
  bar.replaceChildren();
  document.body.classList.remove("has-newsbar");
};

// At the edge of the window that is farther from where somebody types; the focus stays where it is.
const placeBar = () => {
  const at = document.activeElement;
  const box = at && at !== document.body ? at.getBoundingClientRect() : null;
  bar.classList.toggle("newsbar--top", box !== null && box.top + box.height / 2 > innerHeight / 2);
};

const isCovered = (at) => {
  const [one, two] = [at.getBoundingClientRect(), bar.getBoundingClientRect()];
  return one.top < two.bottom && one.bottom > two.top;
};
document.addEventListener("focusin", (event) => {
  if (bar.firstChild && !bar.contains(event.target) && isCovered(event.target)) placeBar();
});

const showBar = (emergency) => {
  placeBar();
  const words = document.createElement("p");
  const link = document.createElement("a");
  link.href = emergency.url;
  link.textContent = "Open it";
  words.append(`${emergency.text} `, link);
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Hide";
  close.addEventListener("click", hideBar);
  bar.replaceChildren(words, close);
  document.body.classList.add("has-newsbar");
};

const showFresh = (fresh) => {
  for (const more of document.querySelectorAll("[data-news-more]")) {
    const number = fresh[more.dataset.newsMore] || 0;
    if (number === 0) continue;
    more.querySelector("span").textContent = `${number} new:`;
    more.querySelector("a").textContent = "show";
    more.classList.add("news-more--new");
  }
};

let lastTotal = null;

const show = (found) => {
  const total = showBadges(found.badges);
  showFresh(found.fresh);
  const isNew = found.newest && found.newest.key !== newest;
  if (found.newest && (isNew || found.emergencies > emergencies)) {
    showBar(found.newest);
    if (news.dataset.isLoud) play();
  } else if (lastTotal !== null && total > lastTotal) {
    polite.textContent = `${total - lastTotal} new: ${total} in all wait for somebody.`;
  }
  if (found.emergencies === 0) hideBar();
  if (failures) say("");
  [newest, emergencies, lastTotal, lastAt, failures] = [
    found.newest ? found.newest.key : newest, found.emergencies, total, found.at, 0,
  ];
};

// --- Asking

const ask = async () => {
  clearTimeout(timer);
  if (document.hidden || isOver) return;
  try {
    const answer = await fetch(`${news.dataset.url}?since=${encodeURIComponent(news.dataset.since)}`, {
      cache: "no-store", redirect: "error",
    });
    if (answer.status === 403) {
      isOver = true;
      say(`You are signed out. Not updated since ${lastAt}.`);
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
  } catch {
    failures += 1;
    say(`Not updated since ${lastAt}.`);
  }
  timer = setTimeout(ask, 1000 * Math.min(EVERY * 2 ** failures, LONGEST));
};

document.addEventListener("visibilitychange", ask);
// A page that comes back from the browser's memory is as old as when it was left.
addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
// Where a sound was asked for, the first click or key of the page makes it ready.
if (news.dataset.isLoud) {
  const ready = () => { load().then(() => audio.resume()).catch(() => {}); };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, ready, { once: true });
}
for (const box of document.querySelectorAll("[data-news-sound]")) {
  box.hidden = false;
  box.querySelector("[type=button]").addEventListener("click", play);
}
showBadges(Object.fromEntries([...document.querySelectorAll("[data-news-badge]")].map(
  (badge) => [badge.dataset.newsBadge, Number(badge.querySelector("b").textContent)])));
lastTotal = Number((/^\((\d+)\) /.exec(document.title) || [0, 0])[1]);
timer = setTimeout(ask, 1000 * EVERY);
