// @ts-check
// The switches for theme and motion. Each turns what is shown into its opposite
// and remembers it; until then the system decides.
import { dark, still } from "./shared/looks.js";

const root = document.documentElement;

/**
 * @param {"theme" | "motion"} name
 * @param {string[]} values
 */
function recall(name, values) {
	let kept = null;
	try {
		kept = localStorage.getItem(`atlas-${name}`);
	} catch {
		// storage is refused in sandboxed frames
	}
	if (kept !== null && values.includes(kept)) root.dataset[name] = kept;
}

/**
 * @param {"theme" | "motion"} name
 * @param {string} value
 */
function remember(name, value) {
	root.dataset[name] = value;
	try {
		localStorage.setItem(`atlas-${name}`, value);
	} catch {
		// then it lasts for this page only
	}
	document.dispatchEvent(new Event(`atlas:${name}`));
}

function switches() {
	/** @type {HTMLButtonElement | null} */
	const theme = document.querySelector("button.theme");
	/** @type {HTMLButtonElement | null} */
	const motion = document.querySelector("button.motion");
	if (!theme || !motion) return;
	const show = () => {
		const label = (dark() ? theme.dataset.light : theme.dataset.dark) ?? "";
		theme.setAttribute("aria-label", label);
		theme.title = label;
		motion.setAttribute("aria-pressed", String(still()));
		theme.hidden = false;
		motion.hidden = false;
	};
	show();
	theme.addEventListener("click", () => {
		remember("theme", dark() ? "light" : "dark");
		show();
	});
	motion.addEventListener("click", () => {
		remember("motion", still() ? "full" : "reduced");
		show();
	});
}

// A host may lead readers of / to the language that their browser asks for,
// as Netlify does, unless this cookie names another.
function language() {
	/** @type {HTMLAnchorElement | null} */
	const link = document.querySelector("a.language");
	link?.addEventListener("click", () => {
		try {
			// biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is not everywhere
			document.cookie = `nf_lang=${link.hreflang}; path=/; max-age=31536000; samesite=lax`;
		} catch {
			// refused in sandboxed frames
		}
	});
}

// The field for words: what suggests them is loaded when a reader turns to it.
// The key / leads to it where no map of the page has it.
function words() {
	/** @type {HTMLFormElement | null} */
	const form = document.querySelector("form.ask");
	const input = form?.querySelector("input");
	if (!form || !input) return;
	const load = () => {
		const script = document.createElement("script");
		script.src = form.dataset.script ?? "";
		if ("module" in form.dataset) script.type = "module";
		document.head.append(script);
	};
	if (document.activeElement === input) load();
	else input.addEventListener("focus", load, { once: true });
	if (document.querySelector(".stage")) return;
	input.setAttribute("aria-keyshortcuts", "/");
	document.addEventListener("keydown", (event) => {
		const { key, target, ctrlKey, metaKey, altKey } = event;
		if (key !== "/" || ctrlKey || metaKey || altKey) return;
		const typing = "input, select, textarea, dialog, [contenteditable]";
		if (target instanceof Element && target.closest(typing)) return;
		event.preventDefault();
		input.focus();
		input.select();
	});
}

// The navigation is one line, which begins where a reader is.
function navigation() {
	const nav = document.querySelector(".top nav");
	/** @type {HTMLElement | null | undefined} */
	const here = nav?.querySelector("[aria-current]");
	if (nav && here && nav.scrollWidth > nav.clientWidth) {
		nav.scrollLeft = here.offsetLeft - nav.clientWidth / 2;
	}
}

recall("theme", ["light", "dark"]);
recall("motion", ["reduced", "full"]);
language();
switches();
navigation();
words();
