// Put this file into a folder named Editor, and sheet.png with sheet-unity.json anywhere else in Assets. Whenever the
// picture is imported, it is cut into the sprites that the JSON names, each with its pivot. Needs the package 2D Sprite
// (com.unity.2d.sprite), which 2D projects have. To animate, drag sprites of one name into a scene; or import
// sheet.aseprite by Unity's package 2D Aseprite Importer, which makes the clips itself.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using UnityEditor;
using UnityEditor.U2D.Sprites;
using UnityEngine;

public class SpritesheetPostprocessor : AssetPostprocessor
{
    [Serializable]
    private class SheetSprite
    {
        public string name;
        public float x, y, width, height; // origin at the bottom left, as Unity has it
        public float pivotX, pivotY;      // shares of the sprite, from its bottom left
    }

    [Serializable]
    private class Sheet
    {
        public int maxTextureSize;
        public bool sharp;
        public SheetSprite[] sprites;
    }

    private void OnPreprocessTexture()
    {
        string json = Path.ChangeExtension(assetPath, null) + "-unity.json";
        if (!File.Exists(json))
            return;
        Sheet sheet = JsonUtility.FromJson<Sheet>(File.ReadAllText(json));
        var importer = (TextureImporter)assetImporter;
        importer.textureType = TextureImporterType.Sprite;
        importer.spriteImportMode = SpriteImportMode.Multiple;
        importer.mipmapEnabled = false;
        importer.alphaIsTransparency = true;
        importer.npotScale = TextureImporterNPOTScale.None;
        importer.maxTextureSize = sheet.maxTextureSize;
        if (sheet.sharp)
        {
            importer.filterMode = FilterMode.Point;
            importer.textureCompression = TextureImporterCompression.Uncompressed;
        }
        Cut(sheet);
    }

    private void Cut(Sheet sheet)
    {
        var factories = new SpriteDataProviderFactories();
        factories.Init();
        ISpriteEditorDataProvider provider = factories.GetSpriteEditorDataProviderFromObject(assetImporter);
        provider.InitSpriteEditorDataProvider();
        // A sprite keeps its identity when the sheet is made again, so that scenes still find it.
        Dictionary<string, GUID> known = provider.GetSpriteRects()
            .GroupBy(r => r.name).ToDictionary(g => g.Key, g => g.First().spriteID);
        SpriteRect[] rects = sheet.sprites.Select(s => new SpriteRect
        {
            name = s.name,
            rect = new Rect(s.x, s.y, s.width, s.height),
            alignment = SpriteAlignment.Custom,
            pivot = new Vector2(s.pivotX, s.pivotY),
            spriteID = known.TryGetValue(s.name, out GUID id) ? id : GUID.Generate()
        }).ToArray();
        provider.SetSpriteRects(rects);
        var names = provider.GetDataProvider<ISpriteNameFileIdDataProvider>();
        names?.SetNameFileIdPairs(rects.Select(r => new SpriteNameFileIdPair(r.name, r.spriteID)));
        provider.Apply();
    }
}
