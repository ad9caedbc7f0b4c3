// @ts-check
// Links to landmarks: those over the map, and those of the page below it. The
// address does the rest.
import { above, need } from "../../../assets/shared/dom.js";
import { still } from "../../../assets/shared/looks.js";
import { landmarkOf } from "../address.js";

/** @import { LiveMap } from "../live.js" */

/** @param {LiveMap} map */
export function followLandmarks(map) {
	if (map.quiet) return;
	/** @type {HTMLElement | null} */
	const row = map.stage.querySelector(".try");
	/** @type {HTMLAnchorElement[]} */
	const chips = [...(row?.querySelectorAll("a") ?? [])];
	const mark = () => {
		for (const chip of chips) {
			const shown = chip.hash === `#l=${landmarkOf(map)}`;
			chip.toggleAttribute("aria-current", shown);
			if (shown) chip.setAttribute("aria-current", "true");
		}
	};
	map.on("paint", mark);
	document.addEventListener("click", (event) => {
		/** @type {HTMLAnchorElement | null} */
		const link = above(event, 'a[href^="#l="], a[href^="#t="]');
		if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
		event.preventDefault();
		const shown = link.getAttribute("aria-current") !== null;
		const kept = map.projection === map.meta.main ? "" : `p=${map.projection}`;
		const wish = [kept, shown ? "" : link.hash.slice(1)].filter(Boolean);
		location.hash = wish.join("&");
		if (map.stage.contains(link)) return;
		const behavior = still() ? "auto" : "smooth";
		need(map.stage, ".field").scrollIntoView({ block: "center", behavior });
		map.box.focus({ preventScroll: true });
	});
}
