using Microsoft.Playwright;

namespace Assay.Tests;

/// <summary>What holds for every page.</summary>
internal static class PageChecks
{
    /// <summary>No wider than its window, all text above contrast 4.5, every field labelled, one heading of the first level.</summary>
    public static async Task FitsAndIsLegibleAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"{path} is wider than its window");
        var weak = await page.EvaluateAsync<string[]>(Contrast);
        Assert.True(weak.Length == 0, $"{path}: {string.Join("; ", weak)}");
        Assert.Equal(0, await page.EvaluateAsync<int>("[...document.querySelectorAll('input:not([type=hidden]), textarea')].filter(f => f.labels.length === 0).length"));
        Assert.Equal(1, await page.Locator("h1").CountAsync());
    }

    /// <summary>Text whose contrast with what is behind it is below 4.5 (WCAG 2.2, 1.4.3).</summary>
    private const string Contrast = """
        () => {
          const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number);
          const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
          const weak = [];
          for (const e of document.querySelectorAll("main *, header *")) {
            if (e.closest("svg") || !e.offsetParent || ![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
            const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) weak.push(`${e.tagName} "${e.textContent.trim().slice(0, 30)}" ${ratio.toFixed(2)}`);
          }
          return weak;
        }
        """;
}
