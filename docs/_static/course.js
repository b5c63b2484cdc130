// The switch of languages stays at the section that is read.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".course-switch a");
  if (!link) return;
  const marks = [...document.querySelectorAll(".section-mark")];
  const above = marks.filter((mark) => mark.getBoundingClientRect().top < innerHeight / 3);
  if (above.length) link.hash = above[above.length - 1].id;
});
