// @ts-check
// The page that tells how maps stand in other pages: its examples name this
// site, and one of them is alive.
import { above, need } from "./shared/dom.js";

const trial = need(document, ".trial");
const { root = "", example = "" } = trial.dataset;
const here = new URL(root, location.href).href;
for (const code of document.querySelectorAll("pre code")) {
	code.textContent = (code.textContent ?? "").replaceAll(`${example}/`, here);
}
/** @type {HTMLIFrameElement} */
const frame = need(trial, "iframe");
const heard = need(trial, ".heard");
need(trial, ".sending").hidden = false;
addEventListener("message", ({ source, data }) => {
	if (source !== frame.contentWindow) return;
	if (String(data?.type).startsWith("atlas:")) {
		heard.textContent = JSON.stringify(data);
	}
});
trial.addEventListener("click", (event) => {
	const message = above(event, "[data-send]")?.dataset.send;
	if (message) frame.contentWindow?.postMessage(JSON.parse(message), "*");
});
