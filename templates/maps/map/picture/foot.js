// @ts-check

/** Pixels below the map on a picture, for its title and address. */
export const FOOT = 26;
