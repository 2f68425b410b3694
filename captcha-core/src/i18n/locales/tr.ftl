text =
    .type = Gördüğünüz veya duyduğunuz karakterleri yazın
word =
    .type = Gördüğünüz veya duyduğunuz kelimeyi yazın
math =
    .solve = İşlemin sonucunu yazın
grid =
    .pick = Hangi hücrede { $emoji } var? Numarasını yazın
