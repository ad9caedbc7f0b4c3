// @ts-check
// A short tour of a map, fetched when it is asked for: steps that do what they
// tell of. The address stays meanwhile, and afterwards the map shows what it
// names, as before.
import { cut, make, need } from "../assets/shared/dom.js";
import { placesOf, viewOf } from "./map/camera/fit.js";
import { rowsWithin } from "./map/choosing/inside.js";
import { fill } from "./map/panel/words.js";

/** @import { View } from "./map/camera/camera.js" */
/** @import { LiveMap } from "./map/live.js" */

/** @typedef {{ name: string, at: string[], act: (map: LiveMap) => Promise<string | void> }} Step what it shows, where, and what it does; it may return a name to tell */

const STRAY = 0.2; // of a landmark's members, as its link leaves out
const REACH = 90; // pixels from a token to the lasso around it
const CORNERS = 24; // of a lasso

/** The landmark that most readers know, or the first that has a link; -1 for none. */
const known = (/** @type {LiveMap} */ { meta, stage }) => {
	const links = [...stage.querySelectorAll(".try a")].map(
		(link) => link.getAttribute("href")?.slice(3) ?? "",
	);
	const name = links.find((one) => one === "months") ?? links[0];
	return (meta.landmarks ?? []).findIndex((one) => one.name === name);
};

/**
 * A token to show: of the landmark the longest, which is the least ambiguous; else
 * one that has a label, else any.
 * @param {LiveMap} map
 */
function sample(map) {
	const { rows = [] } = map.meta.landmarks?.[known(map)] ?? {};
	const length = (/** @type {number} */ row) =>
		map.source.text(row)?.length ?? 0;
	const [longest] = [...rows].sort((one, two) => length(two) - length(one));
	return longest ?? map.found?.tokens[0]?.row ?? 0;
}

/**
 * The name of a coarse cluster that is nearest to the middle of the map.
 * @param {LiveMap} map
 */
function central({ camera, found }) {
	const [x, y] = camera.middle();
	const far = (/** @type {{ px: number, py: number }} */ { px, py }) =>
		Math.hypot(px - x, py - y);
	return (found?.names ?? [])
		.filter(({ level }) => level === "coarse")
		.sort((one, two) => far(one) - far(two))[0];
}

/** @param {LiveMap} map */
async function bare(map) {
	type(map, "");
	if (map.selected) map.select(null);
	if (map.picked) await map.choose(null);
	await map.paint("cluster", []);
}

/**
 * @param {LiveMap} map
 * @param {string} text
 */
function type({ stage }, text) {
	/** @type {HTMLInputElement} */
	const field = need(stage, "input[name=find]");
	if (field.value === text) return;
	field.value = text;
	field.dispatchEvent(new Event("input"));
}

/** @type {Step[]} */
const STEPS = [
	{
		name: "names",
		at: [".canvas"],
		async act(map) {
			const name = central(map);
			if (!name) return;
			map.act({ cluster: name });
			return name.text;
		},
	},
	{
		name: "sets",
		at: [".try"],
		async act(map) {
			const key = known(map);
			const landmark = map.meta.landmarks?.[key];
			if (!landmark) return;
			await map.paint("landmark", [key]);
			map.camera.fly(viewOf(map, placesOf(map, landmark.rows), STRAY));
			return map.landmark(landmark);
		},
	},
	{
		name: "find",
		at: [".find"],
		async act(map) {
			const row = sample(map);
			await map.source.texts([row]);
			map.camera.whole();
			type(map, map.source.text(row) ?? "");
		},
	},
	{
		name: "near",
		at: [".panel"],
		act: async (map) => map.select(sample(map), true),
	},
	{
		name: "lasso",
		at: ["button[name=lasso]", ".chosen"],
		async act(map) {
			const { camera, projection, source } = map;
			const [x, y] = await source.place(projection, sample(map));
			camera.set({ ...camera.view, x, y });
			const path = Array.from({ length: CORNERS }, (_, i) => {
				const turn = (i / CORNERS) * 2 * Math.PI;
				const far = REACH * camera.unit();
				return { x: x + far * Math.cos(turn), y: y + far * Math.sin(turn) };
			});
			await map.choose(rowsWithin(map.points(), path, map.hidden, false));
			map.lasso.kept = { path, projection };
			map.draw();
		},
	},
	{
		name: "colour",
		at: ["select[name=colour]", ".legend"],
		async act(map) {
			map.camera.whole();
			await map.paint("overlap");
		},
	},
];

class Tour {
	/** @type {LiveMap} */ #map;
	/** @type {HTMLElement} */ #card;
	/** @type {HTMLElement} */ #text = make("p", { role: "status" });
	/** @type {HTMLElement} */ #count = make("small");
	/** @type {HTMLElement} */ #back;
	/** @type {HTMLElement} */ #next;
	/** @type {Record<string, string>} */ #words = {};
	/** @type {Step[]} */ #steps;
	/** @type {number[] | null} */ #picked;
	/** @type {View} */ #view;
	#at = -1;

	/** @param {LiveMap} map */
	constructor(map) {
		this.#map = map;
		this.#picked = map.picked;
		this.#view = map.view();
		/** @type {HTMLTemplateElement} */
		const guide = need(map.stage, "template.guide");
		for (const node of guide.content.querySelectorAll("[data-name]")) {
			const name = node.getAttribute("data-name") ?? "";
			this.#words[name] = node.textContent ?? "";
		}
		this.#steps = STEPS.filter(
			({ name }) => name !== "sets" || known(map) >= 0,
		);
		const button = (
			/** @type {string} */ name,
			/** @type {() => void} */ onclick,
		) => make("button", { type: "button", class: name, onclick });
		this.#back = button("back", () => this.#go(this.#at - 1));
		this.#next = button("next", () => this.#go(this.#at + 1));
		this.#back.textContent = this.#words.back;
		const { close } = map.words;
		const end = button("close-panel", () => this.#end());
		end.setAttribute("aria-label", close);
		end.title = close;
		end.textContent = "×";
		this.#card = make(
			"section",
			{ class: "guided", role: "dialog", "aria-label": this.#words.title },
			make("h2", {}, this.#words.title, this.#count),
			this.#text,
			make("div", { class: "bar" }, this.#back, this.#next),
			end,
		);
	}

	begin() {
		const { stage } = this.#map;
		this.#map.quiet = true;
		stage.classList.add("touring");
		need(stage, ".field").append(this.#card);
		addEventListener("keydown", this.#key, true);
		need(stage, ".controls").scrollIntoView({ block: "nearest" });
		this.#next.focus({ preventScroll: true });
		this.#go(0);
	}

	/** Escape ends the tour wherever the focus is, before others hear of it. */
	#key = (/** @type {KeyboardEvent} */ event) => {
		if (event.key !== "Escape" || event.isComposing) return;
		event.stopPropagation();
		this.#end();
	};

	/** @param {number} to the number of a step; past the last one the tour ends */
	async #go(to) {
		if (to >= this.#steps.length) return this.#end();
		const map = this.#map;
		const { name, at, act } = this.#steps[to];
		this.#at = to;
		this.#count.textContent = `${to + 1}/${this.#steps.length}`;
		this.#back.hidden = to === 0;
		if (to === 0) this.#next.focus({ preventScroll: true });
		const last = to === this.#steps.length - 1;
		this.#next.textContent = this.#words[last ? "done" : "next"];
		this.#mark([]);
		await bare(map);
		const told = await Promise.resolve(act(map)).catch(map.failed);
		if (to !== this.#at) return;
		this.#text.textContent = fill(this.#words[name], { name: cut(told ?? "") });
		this.#mark(at);
		const high = `${this.#card.offsetHeight}px`;
		map.stage.style.setProperty("--guide", high);
	}

	/** @param {string[]} selectors of what the step is about */
	#mark(selectors) {
		const { stage } = this.#map;
		for (const node of stage.querySelectorAll(".toured")) {
			node.classList.remove("toured");
		}
		for (const selector of selectors) {
			const node = need(stage, selector);
			node.classList.add("toured");
			if (node.closest(".controls")) {
				node.scrollIntoView({ block: "nearest", inline: "nearest" });
			}
		}
	}

	async #end() {
		const map = this.#map;
		this.#at = -1;
		removeEventListener("keydown", this.#key, true);
		this.#mark([]);
		this.#card.remove();
		map.stage.classList.remove("touring");
		need(map.stage, "button[name=tour]").focus({ preventScroll: true });
		await bare(map);
		map.quiet = false;
		// The map follows the address, which says what was seen before, but no view
		// where a token has just been chosen.
		const there = new Promise((done) => map.on("restore", done));
		dispatchEvent(new PopStateEvent("popstate"));
		await there;
		map.camera.fly(this.#view);
		if (this.#picked) await map.choose(this.#picked);
	}
}

/** @type {HTMLElement | null} */
const stage = document.querySelector(".stage:has(button[name=tour])");
const map = stage?.map;
if (stage && map) {
	const begin = () => {
		if (!stage.classList.contains("touring")) new Tour(map).begin();
	};
	need(stage, "button[name=tour]").addEventListener("click", begin);
	begin();
}
