import assert from "node:assert/strict";
import { test } from "node:test";
import { labelled } from "../../templates/assets/shared/dom.js";

/**
 * A canvas whose font has no letters but those of some signs.
 * @param {string} signs
 */
const penWith = (signs) =>
	/** @type {CanvasRenderingContext2D} */ (
		/** @type {unknown} */ ({
			measureText: (/** @type {string} */ sign) => ({
				width: signs.includes(sign) ? 6 + (sign.codePointAt(0) ?? 0) : 5,
				actualBoundingBoxAscent: 9,
				actualBoundingBoxRight: 5,
			}),
		})
	);

test("a label says what would be drawn as boxes", () => {
	const pen = penWith("♥");
	assert.equal(labelled("word言葉", pen), "word言葉");
	assert.equal(labelled("I♥", pen), "I♥");
	assert.equal(labelled("##กา", pen), "Thai");
	assert.equal(labelled("𝕏", pen), "U+1D54F");
	assert.equal(labelled("a⟰⟱b", pen), "a U+27F0 U+27F1 b");
});

test("no font is searched for signs that all have", () => {
	const pen = /** @type {CanvasRenderingContext2D} */ (
		/** @type {unknown} */ ({ measureText: () => assert.fail("measured") })
	);
	for (const text of ["Numbers 8–900", "a — ‘b’ “c” „d‚ † ‡ • …"]) {
		assert.equal(labelled(text, pen), text);
	}
});
