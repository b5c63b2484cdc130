// One slide at a time: arrows, space, or a tap to the right or left half. Escape shows all.
const slides = [...document.querySelectorAll("section")];
let now = Math.min(slides.length, Number(location.hash.slice(1)) || 1) - 1;
const show = (i) => {
  slides[now].classList.remove("now");
  now = Math.max(0, Math.min(slides.length - 1, i));
  slides[now].classList.add("now");
  history.replaceState(null, "", "#" + (now + 1));
  scrollTo(0, 0);
};
document.body.classList.add("single");
show(now);
addEventListener("keydown", (event) => {
  if (["ArrowRight", "PageDown", " "].includes(event.key)) { event.preventDefault(); show(now + 1); }
  if (["ArrowLeft", "PageUp"].includes(event.key)) { event.preventDefault(); show(now - 1); }
  if (event.key === "Escape") document.body.classList.toggle("single");
});
addEventListener("click", (event) => {
  if (event.target.closest("a, summary, details") || String(getSelection())) return;
  if (document.body.classList.contains("single")) show(now + (event.clientX > innerWidth / 2 ? 1 : -1));
});
