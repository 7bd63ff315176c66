import { planSymbol } from '../../shared/domain/plan-symbol.ts';
import type { SymbolPlan } from '../../shared/domain/symbol.ts';
import { drawMatrix } from '../../workers/image/matrix.ts';
import { drawPng } from '../../workers/image/png.ts';
import { decodeWithZbar, decodeWithZxing } from '../support/decode.ts';

/** Ordinary words with characters beyond ASCII. */
const words: Record<string, string> = {
  'Western European': 'Müller Café Zoë Núñez François Ångström Søren Straße Citroën España Æro Þór ü é ß Größe',
  'Central European': 'Łódź Dvořák Żółć Kovács Őrség Čapek Šebestová Mireșan İstanbul Žižek Gdańsk Ždiar ł č ő Ğ',
  'currency and signs': '50€ £5 ¥100 ₹20 ₽7 ₿1 20°C ½ §4 ©2026 ®X ™X „a“ a–b a… ±1',
  Cyrillic: 'Привет Москва Київ Ђорђе Щёлково Ялта я Ё Ж Ольга България Љубав Юрий съд ы Э',
  Greek: 'Ελλάδα Αθήνα ψωμί Ω α Ήλιος Γιώργος Όμηρος Ύδρα ώρα θεός ξ Χίος Ρόδος Ευ Μ',
  Hebrew: 'שלום תודה ירושלים דוד א רחל משה ספר לחם ים בית חנה ת אור עץ תל',
  Arabic: 'مرحبا القاهرة محمد شكرا م بيت كتاب ليلى عمر نور سلام دبي خبز قمر ی فارسی',
  Japanese: '日本語 東京 カフェ メニュー さくら 山田 ｱｲｳ 円 寿司 ラーメン 京都 日 あ 大阪 テスト 鈴木',
  Chinese: '你好 世界 北京 菜单 上海 張偉 中 茶 微信 龙 國語 价格 水 香港 饭 台北',
  Korean: '한국어 서울 김치 메뉴 안녕 박 이 부산 커피 감사 물 집 한 글 책 제주',
  emoji: '😀 👩‍👩‍👧 🇩🇪 ☕ ❤️ 𝒳 🎉🎉 👍🏽 ✓ ★ → ♫ 🚀 ☎ ✈️ 🥐',
};

/** What stands around a word: nothing, other modes before and after it, and contents as they are made. */
const settings: ((word: string) => string)[] = [
  (word) => word,
  (word) => `1234567890123 ${word} 4567890123456`,
  (word) => `TABLE NUMBER 12 ${word} HELLO WORLD 34`,
  (word) => `Hello ${word}, see you at 12.`,
  (word) => `https://example.com/menu?name=${word}`,
  (word) => `BEGIN:VCARD\r\nVERSION:3.0\r\nN:${word};Jane;;;\r\nFN:Jane ${word}\r\nEND:VCARD\r\n`,
];

function drawn(plan: SymbolPlan): Buffer {
  const frame = { modules: plan.modules, size: 5 * (plan.modules + 8), margin: 4, marginPx: null };
  return drawPng(drawMatrix(plan), frame, { foreground: '#000000', background: '#ffffff' });
}

async function misreads(texts: string[], images: Buffer[]): Promise<{ zxing: number; zbar: number }> {
  const byZbar = await decodeWithZbar(images);
  const count = { zxing: 0, zbar: 0 };
  for (const [index, text] of texts.entries()) {
    if ((await decodeWithZxing(images[index] as Buffer))?.text !== text) count.zxing++;
    if (byZbar[index] !== text) count.zbar++;
  }
  return count;
}

/** Prints how many texts beyond ASCII each reader shows as another text, without and with UTF-8 announced. */
export async function measureCharset(): Promise<void> {
  const table: Record<string, Record<string, number>> = {};
  for (const [name, list] of Object.entries(words)) {
    const texts = list.split(' ').flatMap((word) => settings.map((around) => around(word)));
    const plans = texts.map((text) => planSymbol(text, 'M') as SymbolPlan);
    const without = await misreads(
      texts,
      plans.map((plan) => drawn({ ...plan, eci: null })),
    );
    const announced = await misreads(texts, plans.map(drawn));
    table[name] = {
      texts: texts.length,
      'zxing without': without.zxing,
      'zbar without': without.zbar,
      'zxing with': announced.zxing,
      'zbar with': announced.zbar,
    };
  }
  console.log('Shown as another text by each reader, without and with an ECI that announces UTF-8');
  console.table(table);
}
