globalThis.mtcaptchaConfig = { sitekey: document.currentScript.previousElementSibling.dataset.sitekey };
