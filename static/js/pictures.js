/**
 * Pictures in a form: previews, «Fjern», at most as many as allowed, and shrinking to 1600 px JPEG on the phone, which also
 * drops what the camera wrote into the file. The server checks and draws again; without this the browser's own control works.
 */
const words = JSON.parse(document.getElementById("words")?.textContent ?? "{}");
const icons = document.body.dataset.icons;
const LONGEST_PX = 1600;
const LARGEST_BYTES = 30 * 1024 * 1024;
/** What was chosen, by the control's name, so that it outlives a form that came back with an error. @type {Map<string, File[]>} */
const chosen = new Map();

/**
 * @param {File} file
 * @returns {Promise<File>} a JPEG of at most 1600 px. Throws when the browser cannot read the picture.
 */
async function shrink(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white"; // JPEG knows no transparency
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  if (!blob) throw new Error("the picture could not be drawn");
  return new File([blob], `${file.name.replace(/\.[^.]*$/, "") || "bilde"}.jpg`, { type: "image/jpeg" });
}

/** @param {HTMLElement} island */
function start(island) {
  const input = island.querySelector('input[type="file"]');
  if (!input || island.dataset.on || !("createImageBitmap" in window) || !("DataTransfer" in window)) return;
  island.dataset.on = "yes";
  const list = island.querySelector("[data-pictures-list]");
  const add = island.querySelector("[data-pictures-add]");
  const error = island.querySelector("[data-pictures-error]");
  const most = Number(island.dataset.most);
  const files = chosen.get(input.name) ?? [];
  chosen.set(input.name, files);

  function say(sentence) {
    const status = document.getElementById("status");
    if (status) status.textContent = sentence;
  }

  function complain(sentence) {
    error.textContent = sentence;
    error.hidden = !sentence;
  }

  function show() {
    const all = new DataTransfer();
    for (const file of files) all.items.add(file);
    input.files = all.files;
    for (const picture of list.querySelectorAll("img")) URL.revokeObjectURL(picture.src);
    list.replaceChildren(...files.map(tile));
    list.hidden = files.length === 0;
    add.hidden = files.length >= most;
    add.querySelector("span").textContent = files.length ? words.more_pictures : words.add_picture;
  }

  function tile(file, index) {
    const name = words.picture_one.replace("{number}", index + 1);
    const item = document.createElement("li");
    item.className = "pictures__item";
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(file);
    picture.alt = name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.id = `${input.id}-remove-${index + 1}`;
    remove.className = "pictures__remove";
    remove.setAttribute("aria-label", `${words.remove}: ${name}`);
    const cross = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    cross.setAttribute("class", "icon");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${icons}#close`);
    cross.append(use);
    remove.append(cross);
    remove.addEventListener("click", () => {
      files.splice(index, 1);
      complain("");
      show();
      add.focus();
      say(words.picture_gone);
    });
    item.append(picture, remove);
    return item;
  }

  async function take(fresh) {
    complain("");
    const before = files.length;
    for (const file of fresh) {
      if (files.length >= most) {
        complain(words.picture_many.replace("{most}", most));
        break;
      }
      if (file.size > LARGEST_BYTES) complain(words.picture_size);
      else {
        try {
          files.push(await shrink(file));
        } catch {
          complain(words.picture_kind);
        }
      }
    }
    show();
    if (files.length > before) {
      document.getElementById(`${input.id}-remove-${files.length}`)?.focus();
      say(words.picture_added.replace("{number}", files.length).replace("{most}", most));
    }
  }

  island.classList.add("pictures--ready");
  input.tabIndex = -1;
  input.addEventListener("focus", () => add.focus()); // links of the error summary lead here
  input.addEventListener("change", () => take([...input.files]));
  add.setAttribute("aria-describedby", input.getAttribute("aria-describedby") ?? "");
  add.addEventListener("click", () => input.click());
  show();
}

function startAll() {
  for (const island of document.querySelectorAll('[data-island="pictures"]')) start(island);
}
startAll();
document.addEventListener("htmx:after:swap", startAll);
