// @ts-check
// Twelve colours for groups that differ in lightness as well as in hue, after
// Okabe & Ito 2008; eight steps from dark and blue to light and yellow for numbers.

export const PALETTE = [
	"#117fc4",
	"#d55e00",
	"#009e73",
	"#cc79a7",
	"#e69f00",
	"#56b4e9",
	"#8f6bc9",
	"#bf5e59",
	"#7a9a01",
	"#2a9d9d",
	"#a6761d",
	"#e377c2",
];
export const STEPS = [
	"#5b3fa8",
	"#3f62c0",
	"#2383b8",
	"#1f9d9a",
	"#45b06c",
	"#8cb83a",
	"#ccaf1d",
	"#f0a202",
];
export const NOISE = "#8e959d";
