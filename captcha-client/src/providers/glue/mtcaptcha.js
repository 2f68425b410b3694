{
  const { sitekey, action } = document.currentScript.previousElementSibling.dataset;
  globalThis.mtcaptchaConfig = action ? { sitekey, action } : { sitekey };
}
