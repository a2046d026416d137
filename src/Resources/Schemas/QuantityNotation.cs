namespace Bowline.Resources.Schemas;

/// <summary>The family of suffixes a quantity was written in, and is printed in again.</summary>
public enum QuantityNotation
{
    /// <summary><c>500m</c>, <c>2</c>, <c>3G</c>.</summary>
    Decimal,

    /// <summary><c>1Gi</c>.</summary>
    Binary,

    /// <summary><c>1e3</c>.</summary>
    Exponent,
}
