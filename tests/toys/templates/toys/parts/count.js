/** How many letters the page's table has. @param {Document} page */
export const count = (page) => page.querySelectorAll("table.toys tr").length;
