// @ts-check
// Numbers that the files of a map share with the page.

/** The code of noise, and of tokens without a property. */
export const GREY = 255;

/** The width of the frame around a map, in the units of its points. */
export const UNITS = 65535;

/** The height of a first view and of its picture over the width. */
export const ASPECT = 9 / 16;

/** Properties of tokens that stand beside their places, in the files' order. */
export const GROUPS = /** @type {const} */ ([
	"cluster",
	"kind",
	"script",
	"pos",
]);
