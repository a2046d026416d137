using Bowline.SchemaTable;

if (args.Length != 2)
{
    Console.Error.WriteLine("usage: SchemaTable <folder with discovery-aggregated.json, discovery-legacy.json, openapi-v3.json.gz> <table file>");
    return 2;
}

ApiDocuments documents = ApiDocuments.Load(args[0]);
byte[] table = new TableBuilder().Build(documents);
await File.WriteAllBytesAsync(args[1], table);
Console.WriteLine($"{documents.Definitions.Count} definitions, {table.Length} bytes");
return 0;
