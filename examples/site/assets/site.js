// Everything here is a comfort: the page works without it.
(() => {
  'use strict';

  const byId = (id) => document.getElementById(id);
  const form = byId('signup');
  const words = form.dataset;
  const create = byId('create');
  const setBusy = (button, busy) => {
    if (busy) button.setAttribute('aria-disabled', 'true');
    else button.removeAttribute('aria-disabled');
  };
  const isBusy = (button) => button.getAttribute('aria-disabled') === 'true';

  form.addEventListener('submit', (event) => {
    if (isBusy(create)) {
      event.preventDefault();
      return;
    }
    setBusy(create, true);
    // A stopped or failed navigation reports nothing to the page.
    setTimeout(setBusy, 10000, create, false);
  });
  window.addEventListener('pageshow', () => setBusy(create, false));

  const status = byId('captcha-status');
  const say = (text) => { status.textContent = text; };

  // A provider's script can be blocked, or its site be down: say so instead of showing nothing.
  const widget = document.querySelector('#captcha-widget .widget > :not(script, label)');
  if (widget) {
    // Some scripts load another one before they show anything.
    const check = () => setTimeout(() => {
      const children = [...widget.children];
      // reCAPTCHA v3 shows nothing in the form.
      const invisible = widget.dataset.sitekey && children.length > 0;
      const visible = children.some((child) => child.type !== 'hidden');
      if (!invisible && !visible && !widget.shadowRoot && !customElements.get(widget.localName)) say(words.notLoaded);
    }, 3000);
    // A page that is returned to has a widget whose token is spent.
    window.addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
    if (document.readyState === 'complete') check();
    else window.addEventListener('load', check);
  }

  const captcha = byId('captcha');
  if (!captcha) return;

  const idField = byId('captcha_id');
  const audio = byId('captcha-audio');
  // One text field, or a radio button for each cell.
  const answers = [...captcha.querySelectorAll('[name=captcha_answer]')];
  const isAnswered = () => answers.some((answer) => (answer.type === 'radio' ? answer.checked : answer.value !== ''));
  const clearAnswer = () => answers.forEach((answer) => {
    if (answer.type === 'radio') answer.checked = false;
    else answer.value = '';
    answer.removeAttribute('aria-invalid');
    answer.removeAttribute('aria-describedby');
  });
  const another = byId('new-picture');

  let deadline = Infinity;
  let timer = 0;
  let latest = 0;

  const whyRefused = (response) => (response.status === 429 ? words.limited : words.failed);

  const load = async () => {
    const response = await fetch('/captcha/new', { method: 'POST', headers: { Accept: 'application/json' } });
    if (!response.ok) return { refusal: whyRefused(response) };
    const challenge = await response.json();
    const old = byId('captcha-image');
    const image = new Image(old.width, old.height);
    image.id = old.id;
    image.alt = old.alt;
    // Wait for the pixels, so that the picture and the hidden id change together.
    await new Promise((resolve, reject) => {
      image.onload = resolve;
      image.onerror = () => reject(new Error('picture did not load'));
      image.src = challenge.image_url;
    });
    return { challenge, image };
  };

  const withinSeconds = (seconds, work) => Promise.race([
    work,
    new Promise((_, reject) => { setTimeout(reject, seconds * 1000, new Error('too slow')); }),
  ]);

  const show = ({ challenge, image }) => {
    byId('captcha-image').replaceWith(image);
    idField.value = challenge.id;
    byId('captcha-prompt').textContent = challenge.prompt;
    if (challenge.audio_url && audio) audio.src = challenge.audio_url;
    clearAnswer();
    captcha.removeAttribute('aria-describedby');
    byId('captcha-error')?.remove();
    if (document.title.startsWith(words.error)) document.title = document.title.slice(words.error.length).trim();
    startClock(challenge.expires_in);
  };

  const shown = { asked: words.new, expired: words.expiredNew, restored: words.restored };

  const renew = async (reason) => {
    const turn = ++latest;
    setBusy(another, true);
    say('');
    let result;
    try {
      result = await withinSeconds(15, load());
    } catch {
      result = { refusal: words.slow };
    }
    // A page taken from the back/forward cache may have started a later request.
    if (turn !== latest) return;
    setBusy(another, false);
    if (result.refusal) {
      say(Date.now() < deadline ? result.refusal : `${result.refusal} ${words.expired}`);
    } else if (reason === 'expired' && isAnswered()) {
      say(words.expired);
    } else {
      show(result);
      if (reason === 'asked') answers[0].focus();
      say(shown[reason]);
    }
  };

  const checkClock = () => {
    if (Date.now() < deadline) return armTimer();
    if (isBusy(another)) return;
    if (!isAnswered() && !document.hidden) renew('expired');
    else say(words.expired);
  };

  // Timers stop while a machine sleeps and overflow after 24 days, hence the deadline.
  const armTimer = () => {
    clearTimeout(timer);
    if (deadline !== Infinity) timer = setTimeout(checkClock, Math.min(deadline - Date.now(), 2 ** 31 - 1));
  };

  const startClock = (seconds) => {
    deadline = Number(seconds) > 0 ? Date.now() + Number(seconds) * 1000 : Infinity;
    armTimer();
  };

  another.addEventListener('click', (event) => {
    event.preventDefault();
    if (!isBusy(another)) renew('asked');
  });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) checkClock(); });
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    deadline = 0;
    renew('restored');
  });

  startClock(captcha.dataset.expiresIn);
})();
