// Looks whether the confirmation has been sent, for as long as the page says so, and says it in place. Without this
// script the page reloads itself instead, which would interrupt somebody who is having it read to them.
"use strict";

(() => {
  const sentence = () => document.querySelector('[data-part="sentence"]');

  const look = async () => {
    try {
      const answer = await fetch(location.pathname, { cache: "no-store" });
      if (answer.ok) {
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
    } catch {
      // No network for a moment: the next look will tell.
    }
    lookLater();
  };

  const show = (page) => {
    const fresh = page.querySelector('[data-part="sentence"]');
    if (!fresh) {
      return;
    }
    const changed = fresh.dataset.stage !== sentence().dataset.stage;
    Object.assign(sentence().dataset, fresh.dataset);
    if (changed) {
      for (const part of page.querySelectorAll("[data-part]")) {
        document.querySelector(`[data-part="${part.dataset.part}"]`)?.replaceChildren(...part.childNodes);
      }
    }
  };

  const lookLater = () => {
    const seconds = Number(sentence().dataset.lookAgain);
    if (seconds) {
      setTimeout(look, seconds * 1000);
    }
  };

  lookLater();
})();
