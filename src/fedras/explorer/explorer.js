// Suggestions below a field while somebody types (the combobox of the WAI-ARIA authoring practices).
function suggest(input) {
  const list = document.createElement("ul");
  list.id = `${input.id}-found`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", `Suggestions: ${input.labels[0].textContent}`);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  input.after(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);

  const nothing = document.createElement("li");
  nothing.setAttribute("role", "option");
  nothing.setAttribute("aria-disabled", true);
  nothing.textContent = "nothing fits";

  let options = [];
  let marked = -1;
  let asked = new AbortController();

  const mark = (at) => {
    marked = at;
    options.forEach((option, n) => option.setAttribute("aria-selected", n === at));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", options[at].id);
  };
  const show = (shown, rows) => {
    options = rows;
    list.replaceChildren(...(rows.length ? rows : [nothing]));
    list.hidden = !shown;
    input.setAttribute("aria-expanded", shown);
    mark(-1);
  };
  const close = () => {
    asked.abort();
    show(false, []);
  };
  const row = ({ id, title }, n) => {
    const option = document.createElement("li");
    option.id = `${list.id}-${n}`;
    option.setAttribute("role", "option");
    const name = document.createElement("bdi");
    name.textContent = title || id;
    option.append(name);
    if (title) {
      const beside = document.createElement("span");
      beside.className = "soft";
      beside.textContent = ` ${id}`;
      option.append(beside);
    }
    option.addEventListener("click", () => pick(id));
    return option;
  };
  const pick = (id) => {
    const query = new URLSearchParams(new FormData(input.form));
    query.set(input.name, id);
    location.assign(`${input.form.action}?${query}`);
  };
  const find = async () => {
    asked.abort();
    asked = new AbortController();
    const query = new URLSearchParams({ what: input.dataset.find, text: input.value });
    try {
      const answer = await fetch(`/find?${query}`, { signal: asked.signal });
      if (answer.ok) show(true, (await answer.json()).map(row));
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  };

  input.addEventListener("input", () => (input.value.trim() ? find() : close()));
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const last = options.length - 1;
    if (event.key === "Escape" && !list.hidden) close();
    else if (event.key === "Enter" && marked >= 0) options[marked].click();
    else if (event.key === "ArrowDown" && list.hidden) find();
    else if (event.key === "ArrowDown" && options.length) mark(marked < last ? marked + 1 : 0);
    else if (event.key === "ArrowUp" && options.length) mark(marked > 0 ? marked - 1 : last);
    else return;
    event.preventDefault();
  });
  close();
}

for (const input of document.querySelectorAll("input[data-find]")) suggest(input);

// A tick shows at once what follows from it.
const likes = document.getElementById("likes");
let wanted = new AbortController();
likes?.addEventListener("change", async (event) => {
  if (event.target.type !== "checkbox") return;
  wanted.abort();
  wanted = new AbortController();
  const query = new URLSearchParams(new FormData(likes));
  query.delete("add");
  const address = `/new?${query}`;
  try {
    const answer = await fetch(address, { signal: wanted.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const said = page.querySelector("[role=alert], #told");
    document.getElementById("told").textContent = said.textContent;
    document.getElementById("found").replaceChildren(...(page.getElementById("found")?.children ?? []));
    if (answer.ok) history.replaceState(null, "", address);
  } catch (error) {
    if (error.name !== "AbortError") likes.submit();
  }
});
