// Written by tests/js/meta_types.py from atlas/maps/files/meta.py, which says more.

/** A cluster: `colour` is a place in the palette, 255 for none. */
export interface Cluster {
	name: string;
	slug: string;
	size: number;
	colour: number;
}

/** How many tokens of a large map have each of those properties. */
export interface Counts {
	kind: number[];
	script: number[];
	pos: number[];
}

/** The files of a map that is loaded whole; its points stand with the projections. */
export interface Files {
	texts: string;
	facts: string;
	near: string;
	readings: string | null;
}

/** The names of properties that stand as numbers beside the points. */
export interface Groups {
	kind: string[];
	script: string[];
	pos: string[];
}

/** A set of tokens with a name, and its titles by language; the largest set comes first. */
export interface Landmark {
	name: string;
	title: Record<string, string>;
	rows: number[];
}

/** The clusters of each level, in the order of their keys. */
export interface Levels {
	coarse: Cluster[];
	fine: Cluster[];
}

/** What the page of a map is told of it. `k` is how many neighbors a projection's faithfulness is measured by, `neighbors` how many are shown. A map has `files` and landmarks, or `tiles` and counts. */
export interface Meta {
	map: string;
	language: string;
	tokens: number;
	main: string;
	k: number;
	neighbors: number;
	projections: Record<string, Projection>;
	groups: Groups;
	clusters: Levels;
	until: Until;
	landmarks?: Landmark[] | null;
	counts?: Counts | null;
	files?: Files | null;
	tiles?: Tiles | null;
}

/** The places of names of each level. */
export interface Names {
	coarse: Places;
	fine: Places;
}

/** Where the names of clusters stand, and from which zoom in half-octaves they show: each list in the order of the clusters, which packs better than a place for each. */
export interface Places {
	zoom: number[];
	x: number[];
	y: number[];
}

/** A layout of the map: the file of its points, what the first view shows, and where the names of clusters stand on it. */
export interface Projection {
	file: string;
	view: Rectangle;
	names: Names;
}

/** The left lower corner and the width of a view, in units of the frame. */
export interface Rectangle {
	left: number;
	bottom: number;
	width: number;
}

/** The files of a map that is loaded by need. `folder` holds them. Labels are `labels` half-octaves ahead of their tile's level, down to the level `deepest`. `ids` are the first ids of the chunks of `chunk` tokens that find a token's row. `extent` is that of the layout, the wider way, in units of the frame. */
export interface Tiles {
	folder: string;
	labels: number;
	deepest: number;
	chunk: number;
	ids: number[];
	extent: number;
}

/** The zooms, in half-octaves, after which the names of each level give way. */
export interface Until {
	coarse: number;
	fine: number;
}
