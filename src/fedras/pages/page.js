// Draws each chart where the page has a place for it, and sorts tables by the buttons in their heads.
const specs = JSON.parse(document.getElementById("specs").textContent);
const drawn = Object.entries(specs).map(([id, spec]) =>
  vegaEmbed(document.getElementById(id), spec, { renderer: "svg", actions: false }),
);
Promise.all(drawn).then(() => document.documentElement.setAttribute("data-drawn", drawn.length));

const order = new Intl.Collator(undefined, { numeric: true });

function sort(button) {
  const head = button.closest("th");
  const at = head.cellIndex;
  const descending = head.getAttribute("aria-sort") !== "descending";
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = head.closest("table").tBodies[0];
  const value = (row) => row.cells[at].dataset.value ?? row.cells[at].textContent.trim();
  const compare = (one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === "" || b === "") return (a === "") - (b === "");
    const number = Number(a) - Number(b);
    const found = Number.isNaN(number) ? order.compare(a, b) : number;
    return descending ? -found : found;
  };
  body.append(...[...body.rows].sort(compare));
}

for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => sort(button));
}

// What is folded is printed, too.
const folded = () => document.querySelectorAll("details:not([open])");
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...folded()];
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => {
  for (const each of opened) each.open = false;
});
