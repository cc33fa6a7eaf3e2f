// Writes css/bootstrap.css: of Bootstrap the rules for what bootstrap-used.txt names, without its themes and data images.
import { readFileSync, writeFileSync } from "node:fs";
import postcss from "postcss";

const source = "node_modules/bootstrap/dist/css/bootstrap.css";
const sheet = postcss.parse(readFileSync(source, "utf8"));
const named = readFileSync("bootstrap-used.txt", "utf8").replace(/^#.*$/gm, "");
const used = new Set(named.split(/\s+/).filter(Boolean));

// A pseudo-class says when a rule holds, not for what: its own classes and elements are not looked at.
const partsOf = (selector) =>
  selector
    .replace(/:not\([^)]*\)|::?(?!root)[\w-]+(\([^)]*\))?|\[[^\]]*\]/g, " ")
    .match(/\.[\w-]+|[a-z][a-z0-9]*|\*|:root/g) ?? [];
const isUsed = (selector) =>
  !/data-bs-theme|-moz-focusring|::?-(moz|ms)-/.test(selector) &&
  partsOf(selector).every((part) => part === ":root" || used.has(part));
const isKept = (rule) => rule.selectors.filter(isUsed);

sheet.walkComments((comment) => comment.remove());
sheet.walkAtRules("charset", (rule) => rule.remove());
sheet.walkAtRules("keyframes", (rule) => rule.remove());
sheet.walkRules((rule) => {
  const light = rule.selectors.includes("[data-bs-theme=light]") ? [":root"] : isKept(rule);
  if (light.length) rule.selectors = light;
  else rule.remove();
});
sheet.walkDecls((declaration) => {
  if (declaration.value.includes("data:")) declaration.value = "none";
});

// Variables that nobody reads any more, until none is left: one may have been read by another alone.
const css = ["tokens", "base", "layout", "components", "forms", "content", "check", "private", "staff"];
const own = css.map((part) => readFileSync(`css/${part}.css`, "utf8")).join("");
for (let left = true; left; ) {
  left = false;
  const read = new Set((sheet.toString() + own).match(/(?<=var\()--bs-[\w-]+/g));
  sheet.walkDecls(/^--bs-/, (declaration) => {
    if (read.has(declaration.prop)) return;
    declaration.remove();
    left = true;
  });
}
sheet.walkRules((rule) => !rule.nodes.length && rule.remove());
sheet.walkAtRules("media", (rule) => !rule.nodes.length && rule.remove());

const { version } = JSON.parse(readFileSync("node_modules/bootstrap/package.json", "utf8"));
const head = `/* Of Bootstrap ${version} what is used. Copyright 2011-2026 The Bootstrap Authors, MIT licence. Not written by hand:
   change bootstrap-used.txt and run: make frontend */\n`;
const body = sheet.toString().replace(/^\s*\n/gm, "").replace(/\}\n*(?=\S)/g, "}\n");
writeFileSync("css/bootstrap.css", `${head}${body.trimEnd()}\n`);
