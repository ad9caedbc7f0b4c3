// @ts-check
// Theme and motion: what the reader chose on this site, else what the system asks for.

const { dataset } = document.documentElement;

/** @param {string} query */
const system = (query) => matchMedia(query).matches;

/** Tells whether the dark theme is shown. */
export const dark = () =>
	dataset.theme
		? dataset.theme === "dark"
		: system("(prefers-color-scheme: dark)");

/** Tells whether nothing should move by itself. */
export const still = () =>
	dataset.motion
		? dataset.motion === "reduced"
		: system("(prefers-reduced-motion: reduce)");

/**
 * Calls `act` whenever the theme changes, by the reader or by the system.
 * @param {() => void} act
 */
export function onTheme(act) {
	document.addEventListener("atlas:theme", act);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", act);
}
